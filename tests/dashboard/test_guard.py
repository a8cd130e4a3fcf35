"""What stands before every page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from db import status, users
from db.engine import database_now
from db.user_tables import UserSessionRow
from screening.errors import DatabaseUnavailable
from screening.users import Role
from tests.dashboard.site import PASSWORD, QUICK, Browser, Site, text_of


def test_nobody_is_sent_to_sign_in_and_back(site: Site) -> None:
    browser = site.browser()
    answer = browser.get("/studies/7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fstudies%2F7")
    assert browser.get("/").headers["location"] == "/sign-in"


def test_a_piece_of_a_page_sends_the_whole_page_to_sign_in(site: Site) -> None:
    answer = site.browser().get("/overview/now", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


def test_a_session_that_is_over_is_nobodys(site: Site, viewer: Browser) -> None:
    assert viewer.get("/").status_code == 200
    with site.transaction() as s:
        s.execute(update(UserSessionRow).values(idle_at=database_now(s) - timedelta(seconds=1)))
    assert viewer.get("/").status_code == 303


def test_what_pages_fetch_by_themselves_keeps_no_session_alive(site: Site, viewer: Browser) -> None:
    def left() -> float:
        with site.transaction() as s:
            return float((s.query(UserSessionRow.idle_at).scalar() - database_now(s)).total_seconds())

    with site.transaction() as s:
        s.execute(update(UserSessionRow).values(idle_at=database_now(s) + timedelta(seconds=600)))
    assert viewer.get("/overview/now").status_code == 200
    assert left() <= 600
    viewer.get("/")
    assert left() > 1700


def test_a_role_that_is_taken_holds_at_once(site: Site, operator: Browser) -> None:
    with site.transaction() as s:
        users.give_role(s, "operator", Role.VIEWER, who="root")
    assert operator.post("/attention/retry-all").status_code == 403


def test_a_given_password_opens_nothing_but_its_change(site: Site) -> None:
    with site.transaction() as s:
        users.reset(s, "viewer", QUICK.hash(PASSWORD), valid_seconds=60, who="root")
    browser = site.browser()
    assert browser.sign_in("viewer").headers["location"] == "/password"
    assert browser.get("/").headers["location"] == "/password"
    assert browser.get("/overview/now", **{"HX-Request": "true"}).headers["hx-redirect"] == "/password"
    assert browser.get("/password").status_code == 200


def test_a_form_without_end_is_not_read(viewer: Browser) -> None:
    answer = viewer.post("/studies", text="x" * 70_000)
    assert answer.status_code == 413


def test_a_form_of_too_many_fields_is_none(viewer: Browser) -> None:
    answer = viewer.http.post("/studies", data={f"f{number}": "" for number in range(1001)})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (DatabaseUnavailable("down"), (503, "database does not answer")),
        (ValueError("DOE^JANE"), (500, "A fault of the program")),
    ],
)
def test_a_fault_is_told_without_its_text(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: tuple[int, str]
) -> None:
    def fails(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(status, "counts", fails)
    answer = viewer.get("/")
    assert answer.status_code == told[0]
    assert told[1] in text_of(answer)
    assert "DOE" not in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", ["/no", "/studies/x", "/static/../app.py", "/static/%2e%2e/app.py", "/docs"])
def test_what_is_not_in_the_table_does_not_exist(viewer: Browser, path: str) -> None:
    answer = viewer.get(path)
    assert answer.status_code == 404
    assert re.fullmatch("There is no such page.", answer.text) or "no such" in answer.text


def test_a_method_that_a_path_does_not_have(viewer: Browser) -> None:
    assert viewer.http.request("DELETE", "/studies/1").status_code == 405
