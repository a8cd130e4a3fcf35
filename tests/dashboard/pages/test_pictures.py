"""The pictures of a result."""

from dataclasses import replace

import pytest

from db import audit, jobs
from screening.reports import ObjectKind, Report
from tests.dashboard.captures import capture
from tests.dashboard.site import Browser, Site
from tests.db.factories import admit, claimed, make_findings, make_instance, make_object


@pytest.fixture
def pictured(site: Site) -> Site:
    """A study with a picture (object 1) and a report (object 2)."""
    with site.transaction() as s:
        card = replace(make_object("card", ObjectKind.SC), encoded=capture())
        report = Report(objects=(card, make_object("measurements", ObjectKind.SR)))
        jobs.finish(s, claimed(s), make_findings(), report, [])
        admit(s, make_instance("9.1.1", study="9", series="9.1"))
    return site


def _views(site: Site) -> list[str]:
    with site.transaction() as s:
        return [line.detail for line in audit.newest(s) if line.action == "view"]


def test_the_page_shows_its_pictures_and_one_view_is_one_line(pictured: Site, viewer: Browser) -> None:
    text = viewer.get("/studies/1").text
    with pictured.transaction() as s:
        line = audit.newest(s)[0].sequence
    path = f"/studies/1/pictures/1?line={line}"
    assert path in text
    answer = viewer.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["cache-control"] == "no-store"
    assert _views(pictured) == ["without names"]


@pytest.mark.parametrize("line", ["", "?line=1", "?line=999", "?line=x", "?line=-1"])
def test_who_asks_for_a_picture_alone_is_written_down(pictured: Site, viewer: Browser, line: str) -> None:
    assert viewer.get(f"/studies/1/pictures/1{line}").status_code == 200
    assert _views(pictured) == ["picture card"]


def test_the_view_of_another_user_or_study_does_not_count(pictured: Site, viewer: Browser, operator: Browser) -> None:
    operator.get("/studies/1")
    with pictured.transaction() as s:
        line = audit.newest(s)[0].sequence
    viewer.get(f"/studies/1/pictures/1?line={line}")
    assert _views(pictured)[0] == "picture card"


@pytest.mark.parametrize(
    "path", ["/studies/1/pictures/2", "/studies/1/pictures/9", "/studies/2/pictures/1", "/studies/7/pictures/1"]
)
def test_what_is_no_picture_of_this_study_is_not_there(pictured: Site, viewer: Browser, path: str) -> None:
    assert viewer.get(path).status_code == 404
    assert _views(pictured) == []
