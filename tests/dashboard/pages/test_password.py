"""Choosing a password."""

import pytest

from tests.dashboard.site import PASSWORD, Browser, Site, text_of

NEW = "quite another few words"


def test_a_change_ends_other_sessions_and_keeps_this_browser(site: Site, viewer: Browser) -> None:
    other = site.browser()
    other.sign_in("viewer")
    answer = viewer.post("/password", old=PASSWORD, new=NEW, again=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert viewer.get("/").status_code == 200
    assert other.get("/").status_code == 303
    assert site.browser().sign_in("viewer").status_code == 403
    assert site.browser().sign_in("viewer", NEW).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "why"),
    [
        ("wrong", NEW, NEW, "present password is wrong"),
        (PASSWORD, NEW, NEW + "x", "typed in two ways"),
        (PASSWORD, PASSWORD, PASSWORD, "is the old one"),
        (PASSWORD, "short", "short", "at least 12"),
        (PASSWORD, "", "", "at least 12"),
    ],
)
def test_what_is_not_taken_says_why(viewer: Browser, old: str, new: str, again: str, why: str) -> None:
    answer = viewer.post("/password", old=old, new=new, again=again)
    assert answer.status_code == 422
    assert why in text_of(answer)


def test_who_sits_at_an_open_browser_cannot_guess_without_end(site: Site, viewer: Browser) -> None:
    most = site.parts.settings.dashboard.attempts_per_minute
    for _ in range(most):
        viewer.post("/password", old="wrong", new=NEW, again=NEW)
    assert "Too many attempts" in text_of(viewer.post("/password", old=PASSWORD, new=NEW, again=NEW))
