"""Results, and the release of what is held."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.pages import results
from db import audit, result_list
from db.tables import DeliveryRow
from screening.codes import RISK_HIGH, RISK_LOW
from screening.settings import Destination
from screening.users import Role
from tests.dashboard.site import Browser, Site, make_site, text_of
from tests.db.outcomes import MODEL, findings, refusal, store


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """High and held twice (A1), low (A2), refused (A3)."""
    pacs = Destination(name="pacs", ae_title="PACS", address="127.0.0.1", port=104)
    found = make_site(tmp_path, destinations=(pacs,))
    with found.transaction() as s:
        store(s, 1, findings(30.25, RISK_HIGH, 1.3), held=("pacs", "gone"), model_version="0.1.0")
        store(s, 2, findings(3, RISK_LOW), model_version="0.0.9")
        store(s, 3, refusal())
    yield found
    found.parts.sessions.kw["bind"].dispose()


def _accessions(browser: Browser, query: str = "") -> list[str]:
    answer = browser.get(f"/results{query}")
    assert answer.status_code == 200
    return re.findall(r'<a href="/studies/\d+">(\w+)</a>', answer.text)


def test_each_with_model_headline_and_destination(site: Site, viewer: Browser) -> None:
    assert _accessions(viewer) == ["A3", "A2", "A1"]
    text = text_of(viewer.get("/results"))
    assert f"A1 {MODEL} 0.1.0 simulation 30-day mortality 30.25 % high 1.30 1 held gone 1 held pacs" in text
    assert f"A2 {MODEL} 0.0.9 unknown 30-day mortality 3 % low 0.50 goes to no destination" in text
    assert "the picture shows something else (lateral-view) not evaluable" in text
    assert "P1" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?answer=positive", ["A1"]), ("?answer=negative", ["A2"]), ("?answer=not_evaluable", ["A3"]),
        ("?way=held", ["A1"]), ("?way=nowhere", ["A3", "A2"]), ("?evidence=simulation", ["A1"]),
        ("?evidence=research", []), ("?model=bone_muscle_ct", []), (f"?model={MODEL}&way=held", ["A1"]),
    ],
)  # fmt: skip
def test_narrowed(site: Site, viewer: Browser, query: str, found: list[str]) -> None:
    assert _accessions(viewer, query) == found


@pytest.mark.parametrize("query", ["?answer=x", "?way=x", "?evidence=x", "?before=x", f"?before={'9' * 30}"])
def test_what_makes_no_sense_is_told(viewer: Browser, query: str) -> None:
    answer = viewer.get(f"/results{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_page_after_page(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "ON_A_PAGE", 2)
    first = viewer.get(f"/results?model={MODEL}")
    found = re.search(r'name="before" value="(\d+)">Older', first.text)
    assert found is not None
    assert f'name="model" value="{MODEL}"' in first.text
    assert _accessions(viewer, f"?before={found[1]}") == ["A1"]
    assert "Older" not in viewer.get(f"/results?before={found[1]}").text


def test_a_page_that_was_cut_says_so(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_list, "LOOKED_AT", 1)
    text = text_of(viewer.get("/results?answer=positive"))
    assert "None of these." in text
    assert "Older" in text


def test_that_it_was_looked_at_is_audited(site: Site, viewer: Browser) -> None:
    viewer.get("/results?way=held")
    with site.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.subject, line.detail) == (
        "viewer", "view", "results", "1 of them, numbers 1 to 1"
    )  # fmt: skip


def _states(site: Site) -> dict[str, str]:
    with site.transaction() as s:
        return {row.destination: row.state for row in s.query(DeliveryRow)}


def test_only_admins_are_shown_the_way_to_release(viewer: Browser, operator: Browser, admin: Browser) -> None:
    link = "/results/release?destination=pacs"
    assert [link in browser.get("/results").text for browser in (viewer, operator, admin)] == [False, False, True]
    assert "release?destination=gone" not in admin.get("/results").text
    assert operator.get(link).status_code == 403


def test_release_asks_once_more(site: Site, admin: Browser) -> None:
    text = text_of(admin.get("/results/release?destination=pacs"))
    assert "1 object of results are held for pacs , since it accepts research, site-validated" in text
    for sure in ("", "PACS", "yes"):
        answer = admin.post("/results/release", destination="pacs", sure=sure)
        assert answer.status_code == 422
        assert "Write the destination" in text_of(answer)
    assert _states(site) == {"pacs": "held", "gone": "held"}


def test_what_is_held_for_one_destination_goes(site: Site, admin: Browser) -> None:
    answer = admin.post("/results/release", destination="pacs", sure="pacs")
    assert answer.headers["location"] == "/results?way=held"
    assert _states(site) == {"pacs": "pending", "gone": "held"}
    with site.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.subject, line.detail) == ("admin", "release", "destination pacs", "1 held")
    assert "Nothing is held for pacs" in text_of(admin.get("/results/release?destination=pacs"))


def test_a_destination_that_is_not_of_the_settings(site: Site, admin: Browser) -> None:
    assert admin.get("/results/release?destination=gone").status_code == 404
    assert admin.post("/results/release", destination="gone", sure="gone").status_code == 404
    assert _states(site)["gone"] == "held"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_nobody_else_releases(site: Site, role: Role) -> None:
    answer = site.signed_in(role).post("/results/release", destination="pacs", sure="pacs")
    assert answer.status_code == 403
    assert _states(site)["pacs"] == "held"
