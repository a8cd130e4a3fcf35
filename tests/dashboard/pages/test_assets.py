"""Style sheets and scripts."""

import pytest

from tests.dashboard.site import Browser, Site


@pytest.mark.parametrize(
    ("name", "kind"),
    [("pico.min.css", "text/css"), ("htmx.min.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_nobody_has_to_sign_in_for_one(site: Site, name: str, kind: str) -> None:
    answer = site.browser().get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["README.md", "no.css", "...", "app.py", "LICENSES.txt"])
def test_no_other_file_is_given(viewer: Browser, name: str) -> None:
    assert viewer.get(f"/static/{name}").status_code == 404
