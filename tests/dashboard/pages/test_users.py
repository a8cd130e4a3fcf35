"""Users and tokens, managed in the browser."""

import re

import pytest
from httpx2 import Response

from db import api_tokens, audit, users
from screening.users import Role
from tests.dashboard.site import PASSWORD, Browser, Site, text_of
from tests.db.people import set_moment


def _secret(answer: Response) -> str:
    found = re.search(r"<output>([^<]+)</output>", answer.text)
    assert found is not None, answer.text
    return found[1]


def _last(site: Site, number: int = 1) -> list[tuple[str, str, str, str]]:
    with site.transaction() as s:
        return [(line.actor, line.action, line.subject, line.detail) for line in audit.newest(s, number)]


def _roles(site: Site) -> dict[str, str]:
    with site.transaction() as s:
        return {user.name: user.role.value for user in users.known(s)}


def test_a_new_user_gets_a_password_that_is_shown_once(site: Site, admin: Browser) -> None:
    answer = admin.post("/users", name=" Jane ", role="operator")
    password = _secret(answer)
    assert "One-time password of jane" in text_of(answer)
    assert "good for 3 d 0 h" in text_of(answer)
    assert _last(site) == [("admin", "user added", "user jane", "role operator")]
    assert password not in admin.get("/users").text
    assert "must choose a password" in text_of(admin.get("/users"))
    browser = site.browser()
    assert browser.sign_in("jane", password).status_code == 303
    assert browser.get("/").headers["location"] == "/password"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "viewer", "role": "viewer"}, "There is a user viewer already."),
        ({"name": "a b", "role": "viewer"}, "must be 1 to 63"),
        ({"name": "jane", "role": "chief"}, "Role must be one of viewer, operator, admin."),
        ({}, "Role must be one of"),
    ],
)
def test_who_cannot_be_added_is_told(site: Site, admin: Browser, fields: dict[str, str], why: str) -> None:
    answer = admin.post("/users", csrf=None, headers=None, **fields)
    assert answer.status_code == 422
    assert why in text_of(answer)
    assert "<output>" not in answer.text
    assert set(_roles(site)) == {"viewer", "operator", "admin"}


def test_a_reset_gives_a_new_password_and_ends_sign_ins(site: Site, viewer: Browser, admin: Browser) -> None:
    password = _secret(admin.post("/users/viewer/reset"))
    assert _last(site) == [("admin", "password reset", "user viewer", "")]
    assert viewer.get("/").headers["location"] == "/sign-in"
    assert "wrong" in text_of(site.browser().sign_in("viewer", PASSWORD))
    assert site.browser().sign_in("viewer", password).status_code == 303


def test_an_admin_who_resets_the_own_password_still_sees_it(site: Site, admin: Browser) -> None:
    assert "/users/admin/reset" not in admin.get("/users").text
    password = _secret(admin.post("/users/admin/reset"))
    assert admin.get("/users").status_code == 303
    assert site.browser().sign_in("admin", password).status_code == 303


def test_a_role_holds_from_the_next_request(site: Site, viewer: Browser, admin: Browser) -> None:
    assert viewer.get("/users").status_code == 403
    assert admin.post("/users/viewer/role", role="admin").headers["location"] == "/users"
    assert viewer.get("/users").status_code == 200
    assert _last(site) == [("admin", "user role", "user viewer", "viewer to admin")]
    assert admin.post("/users/viewer/role", role="chief").status_code == 422


def test_a_locked_account_is_shown_and_unlocked(site: Site, admin: Browser) -> None:
    with site.transaction() as s:
        users.refused(s, "viewer", most=1, lock_seconds=600, where="10.0.0.9")
    text = admin.get("/users").text
    assert "locked</span> until <time" in text
    assert "/users/viewer/unlock" in text
    assert "/users/operator/unlock" not in text
    admin.post("/users/viewer/unlock")
    assert _last(site) == [("admin", "user unlocked", "user viewer", "")]
    assert "/users/viewer/unlock" not in admin.get("/users").text
    assert site.browser().sign_in("viewer").status_code == 303


def test_a_password_that_ran_out_is_told(site: Site, admin: Browser) -> None:
    admin.post("/users", name="jane", role="viewer")
    with site.transaction() as s:
        set_moment(s, "jane", password_until=-1)
    assert "one-time password ran out" in text_of(admin.get("/users"))


def test_a_user_is_removed(site: Site, viewer: Browser, admin: Browser) -> None:
    assert admin.post("/users/viewer/remove").headers["location"] == "/users"
    assert viewer.get("/").headers["location"] == "/sign-in"
    assert set(_roles(site)) == {"operator", "admin"}
    assert _last(site) == [("admin", "user removed", "user viewer", "role viewer")]


def test_the_last_admin_stays(site: Site, admin: Browser) -> None:
    for path, fields in (("/users/admin/remove", {}), ("/users/admin/role", {"role": "viewer"})):
        answer = admin.post(path, csrf=None, headers=None, **fields)
        assert answer.status_code == 422
        assert "Nobody would be admin any more" in text_of(answer)
    assert _roles(site)["admin"] == "admin"
    admin.post("/users/operator/role", role="admin")
    assert admin.post("/users/admin/remove").status_code == 303
    assert "admin" not in _roles(site)


@pytest.mark.parametrize("do", ["reset", "role", "unlock", "remove"])
@pytest.mark.parametrize("name", ["nobody", "a%20b"])
def test_a_user_who_is_not_there(admin: Browser, do: str, name: str) -> None:
    assert admin.post(f"/users/{name}/{do}", role="viewer").status_code == 404


def test_a_token_is_shown_once_works_and_is_revoked(site: Site, admin: Browser) -> None:
    answer = admin.post("/users/tokens", label="worklist", role="viewer", days="2")
    token = _secret(answer)
    assert _last(site) == [("admin", "token issued", "user admin", "token 1, role viewer: worklist")]
    assert "good for 2 d 0 h" in text_of(answer)
    with site.transaction() as s:
        found = api_tokens.find(s, token)
        assert found is not None
        assert (found[0].name, found[1]) == ("admin", Role.VIEWER)
    page = admin.get("/users")
    assert "worklist" in text_of(page)
    assert token not in page.text
    assert admin.post("/users/tokens/1/revoke").headers["location"] == "/users"
    assert _last(site) == [("admin", "token revoked", "token 1", "worklist")]
    with site.transaction() as s:
        assert api_tokens.find(s, token) is None
    assert "worklist" not in text_of(admin.get("/users"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"label": "  "}, "Label must say what the token is for."),
        ({"role": "chief"}, "Role must be one of"),
        ({"days": "0"}, "Days must be a number"),
        ({"days": "4000"}, "Days must be a number"),
        ({"days": "nan"}, "Days must be a number"),
        ({"days": "soon"}, "Days must be a number"),
    ],
)
def test_a_token_that_makes_no_sense(site: Site, admin: Browser, changed: dict[str, str], why: str) -> None:
    fields = {"label": "worklist", "role": "viewer", "days": "2"} | changed
    answer = admin.post("/users/tokens", csrf=None, headers=None, **fields)
    assert answer.status_code == 422
    assert why in text_of(answer)
    with site.transaction() as s:
        assert api_tokens.known(s) == []
