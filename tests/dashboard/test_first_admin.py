"""The first user."""

from pathlib import Path

from dashboard.first_admin import announcement, make_first_admin
from dashboard.passwords import Passwords
from db import users
from db.engine import transaction
from screening.users import Role
from tests.dashboard.site import QUICK, make_site


def test_the_first_start_makes_one_admin_and_the_next_none(tmp_path: Path) -> None:
    site = make_site(tmp_path, users=False)
    parts, passwords = site.parts, Passwords(QUICK)
    password = make_first_admin(parts.sessions, parts.settings, passwords)
    assert password is not None
    assert make_first_admin(parts.sessions, parts.settings, passwords) is None
    with transaction(parts.sessions, read_only=True) as s:
        (user,) = users.known(s)
    assert (user.name, user.role, user.must_change) == ("admin", Role.ADMIN, True)
    browser = site.browser()
    assert browser.sign_in("admin", password).headers["location"] == "/password"
    changed = browser.post("/password", old=password, new="several words are easy", again="several words are easy")
    assert changed.headers["location"] == "/"
    assert site.browser().sign_in("admin", password).status_code == 403
    assert browser.get("/audit").status_code == 200


def test_two_starts_give_different_passwords(tmp_path: Path) -> None:
    found = set()
    for name in ("a", "b"):
        parts = make_site(tmp_path / name, users=False).parts
        found.add(make_first_admin(parts.sessions, parts.settings, Passwords(QUICK)))
    assert len(found) == 2


def test_what_is_printed(tmp_path: Path) -> None:
    text = announcement("abc", make_site(tmp_path, users=False).parts.settings)
    assert "'admin'" in text
    assert "abc" in text
    assert "72 hours" in text
    assert "opportune users reset admin" in text
