"""Light or dark."""

from tests.dashboard.site import Browser


def test_the_choice_is_kept_and_given_up(viewer: Browser) -> None:
    assert "data-theme" not in viewer.get("/").text
    viewer.post("/appearance", theme="dark")
    assert '<html lang="en" data-theme="dark">' in viewer.get("/").text
    viewer.post("/appearance", theme="")
    assert "data-theme" not in viewer.get("/").text


def test_nothing_else_gets_into_a_page(viewer: Browser) -> None:
    viewer.http.cookies.set("opportune-theme", '"><script>')
    assert "data-theme" not in viewer.get("/").text
