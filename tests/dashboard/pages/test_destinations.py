"""Where results go."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import audit, conditions, echoes
from dicom_node.standin_pacs import Script
from screening.users import Role
from tests.dashboard.site import make_site, text_of
from tests.db.factories import finished
from tests.dicom_node.network import dead_port, running_standin
from tests.worker.ports import pacs


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[int]:
    with running_standin(tmp_path) as (_, port):
        yield port


def test_each_is_shown_with_what_waits_for_it(tmp_path: Path) -> None:
    secure = pacs(2762, name="a secure one", commitment="none").model_copy(update={"use_tls": True})
    site = make_site(tmp_path, destinations=(pacs(104),))
    site.parts.settings.__dict__["destinations"] += (secure,)  # its certificates are not looked at here
    with site.transaction() as s:
        finished(s, ("pacs", "gone"))
    page = site.signed_in(Role.VIEWER).get("/destinations")
    text = text_of(page)
    assert "AE title STANDIN address 127.0.0.1 port 104" in text
    assert "TLS no objects sent sc, sr, seg evidence accepted simulation, research, site-validated" in text
    assert "TLS yes" in text
    assert "confirmed by C-FIND" in text
    assert "confirmed by nothing but the C-STORE answer" in text
    assert text.count("failed 2 0 0 0 0 0") == 2
    assert "gone not in the settings" in text
    assert text.count("never asked by echo") == 3
    assert "<button" not in page.text.split("<main")[1]
    operator = site.signed_in(Role.OPERATOR).get("/destinations").text
    assert operator.count(">Echo<") == 2
    assert "/destinations/a%20secure%20one/echo" in operator


def test_without_destinations_it_says_what_to_do(tmp_path: Path) -> None:
    assert "Name one in [[destinations]]" in text_of(make_site(tmp_path).signed_in(Role.VIEWER).get("/destinations"))


def test_one_that_fails_says_since_when_and_when_it_is_tried_again(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(104),))
    with site.transaction() as s:
        conditions.failed(s, conditions.destination("pacs"), "refused", lambda _: datetime(2999, 1, 1, tzinfo=UTC))
    text = text_of(site.signed_in(Role.VIEWER).get("/destinations"))
    assert "1 failure since" in text
    assert "refused. It is left alone until 2999-01-01" in text


def test_one_that_answers(tmp_path: Path, answering: int) -> None:
    site = make_site(tmp_path, destinations=(pacs(answering),))
    browser = site.signed_in(Role.OPERATOR)
    assert browser.post("/destinations/pacs/echo").headers["location"] == "/destinations"
    text = text_of(browser.get("/destinations"))
    assert "answers C-ECHO answered with Success in" in text
    assert "ms just now, asked by operator" in text
    assert "Earlier echoes" not in text
    with site.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.subject) == ("operator", "echo", "destination pacs")


def test_one_that_does_not_says_exactly_why_and_what_to_do(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(dead_port()),))
    browser = site.signed_in(Role.OPERATOR)
    browser.post("/destinations/pacs/echo")
    browser.post("/destinations/pacs/echo")
    text = text_of(browser.get("/destinations"))
    assert "connection refused STANDIN at 127.0.0.1:" in text
    assert "What to do. The computer is there, but no program listens on this port." in text
    assert "Earlier echoes at outcome" in text
    assert "echo failed pacs; last echo" in text_of(browser.get("/"))


def test_one_that_does_not_know_us(tmp_path: Path) -> None:
    with running_standin(tmp_path, Script(rejection=(1, 1, 3))) as (_, port):
        site = make_site(tmp_path / "node", destinations=(pacs(port),))
        browser = site.signed_in(Role.OPERATOR)
        browser.post("/destinations/pacs/echo")
    text = text_of(browser.get("/destinations"))
    assert "calling AE title not recognised" in text
    assert "Rejected Permanent, Service User, Calling AE title not recognised" in text
    assert "Have our AE title (node.ae_title), address and port entered there" in text


def test_one_that_is_not_in_the_settings_is_not_asked(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(104),))
    assert site.signed_in(Role.OPERATOR).post("/destinations/gone/echo").status_code == 404
    with site.transaction() as s:
        assert echoes.of_destination(s, "gone") == []
