"""Signing in and out: right, wrong, locked, too often, from elsewhere."""

import pytest

from db import audit, users
from screening.users import Role
from tests.dashboard.site import PASSWORD, Browser, Site, text_of
from tests.db.people import set_moment

WRONG = "Name or password is wrong"


def _lines(site: Site) -> list[tuple[str, str, str]]:
    with site.transaction() as s:
        return [(line.actor, line.action, line.subject) for line in audit.newest(s, 3)]


def test_the_right_password_opens_the_door_and_is_audited(site: Site) -> None:
    browser = site.browser()
    answer = browser.sign_in("Viewer")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert browser.get("/").status_code == 200
    assert _lines(site)[0] == ("viewer", "sign-in", "user viewer")


@pytest.mark.parametrize(("name", "password"), [("viewer", "wrong"), ("nobody", PASSWORD), ("", ""), ("viewer", "")])
def test_whoever_is_refused_learns_nothing_of_why(site: Site, name: str, password: str) -> None:
    answer = site.browser().sign_in(name, password)
    assert answer.status_code == 403
    assert WRONG in text_of(answer)
    assert "opportune-session" not in answer.headers.get("set-cookie", "")
    actor, action, subject = _lines(site)[0]
    assert action == "sign-in refused"
    assert (actor, subject) == (("viewer", "user viewer") if name == "viewer" else ("nobody", "user unknown"))


def test_wrong_passwords_lock_the_account_for_the_right_one_too(site: Site) -> None:
    most = site.parts.settings.dashboard.wrong_passwords
    for number in range(most):
        assert site.browser(f"10.0.0.{number}").sign_in("viewer", "wrong").status_code == 403
    answer = site.browser().sign_in("viewer")
    assert answer.status_code == 403
    assert WRONG in text_of(answer)
    assert site.browser().sign_in("operator").status_code == 303
    with site.transaction() as s:
        assert "barred, the password was right" in " ".join(line.detail for line in audit.newest(s, 3))
        set_moment(s, "viewer", locked_until=-1)
    assert site.browser().sign_in("viewer").status_code == 303


def test_an_address_that_tries_too_often_waits(site: Site) -> None:
    browser = site.browser()
    most = site.parts.settings.dashboard.attempts_per_minute
    assert {browser.sign_in("nobody", "x").status_code for _ in range(most)} == {403}
    answer = browser.sign_in("viewer")
    assert answer.status_code == 429
    assert site.browser("10.0.0.10").sign_in("viewer").status_code == 303


def test_a_form_that_is_not_the_pages_own_is_refused(site: Site) -> None:
    browser = site.browser()
    browser.get("/sign-in")
    for token in ("", "wrong"):
        assert browser.post("/sign-in", csrf=token, name="viewer", password=PASSWORD).status_code == 403
    fresh = site.browser()
    assert fresh.post("/sign-in", csrf="", name="viewer", password=PASSWORD).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/studies/7", "/studies/7"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/"),
        ("/%0d%0aX: y", "/"), ("javascript:x", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(site: Site, wanted: str, where: str) -> None:
    assert site.browser().sign_in("viewer", next=wanted).headers["location"] == where


def test_each_sign_in_is_a_session_of_its_own(site: Site) -> None:
    """A token that somebody planted before the sign-in opens nothing afterwards."""
    browser = site.browser()
    browser.http.cookies.set("opportune-session", "planted")
    browser.sign_in("viewer")
    planted = site.browser()
    planted.http.cookies.set("opportune-session", "planted")
    assert browser.get("/").status_code == 200
    assert planted.get("/").status_code == 303


def test_signing_out_ends_the_session(site: Site, viewer: Browser) -> None:
    token = viewer.http.cookies["opportune-session"]
    answer = viewer.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    thief = site.browser()
    thief.http.cookies.set("opportune-session", token)
    assert thief.get("/").status_code == 303
    assert _lines(site)[0] == ("viewer", "sign-out", "user viewer")


def test_a_removed_user_is_out_at_once(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        users.remove(s, "viewer", who="root")
    assert viewer.get("/").status_code == 303


def test_a_hash_of_weaker_parameters_is_made_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.transaction() as s:
        before = users.credentials(s, "viewer")
    monkeypatch.setattr(site.parts.passwords, "outdated", lambda _hash: True)
    site.signed_in(Role.VIEWER)
    with site.transaction() as s:
        after = users.credentials(s, "viewer")
    assert before is not None
    assert after is not None
    assert before.password_hash != after.password_hash
    assert site.parts.passwords.verify(after.password_hash, PASSWORD)
