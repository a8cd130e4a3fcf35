"""The switches of the overview."""

import pytest

from db import pauses
from db.pauses import Part
from tests.dashboard.site import Browser, Site, text_of


def _known(site: Site) -> dict[Part, tuple[str, str]]:
    with site.transaction() as s:
        return {part: (pause.by, pause.why) for part, pause in pauses.known(s).items()}


@pytest.mark.parametrize("part", list(Part))
def test_a_part_is_stopped_and_goes_on(site: Site, operator: Browser, viewer: Browser, part: Part) -> None:
    assert f"{part.value} running" in text_of(viewer.get("/"))
    answer = operator.post(f"/parts/{part.value}/pause", why="  the archive is updated ")
    assert answer.headers["location"] == "/"
    assert _known(site) == {part: ("operator", "the archive is updated")}
    text = text_of(viewer.get("/"))
    assert f"{part.value} paused since" in text
    assert "by operator: the archive is updated" in text
    assert "Resume" not in text
    assert "Resume" in text_of(operator.get("/"))
    operator.post(f"/parts/{part.value}/pause", why="me too")
    assert _known(site) == {part: ("operator", "the archive is updated")}
    operator.post(f"/parts/{part.value}/resume")
    assert _known(site) == {}


def test_a_reason_is_asked_for(site: Site, operator: Browser) -> None:
    answer = operator.post("/parts/delivery/pause", why=" ")
    assert answer.status_code == 422
    assert "Say why delivery is paused" in text_of(answer)
    assert _known(site) == {}


@pytest.mark.parametrize("do", ["pause", "resume"])
def test_a_part_that_is_not_there(site: Site, operator: Browser, do: str) -> None:
    assert operator.post(f"/parts/listener/{do}", why="x").status_code == 404
    assert _known(site) == {}
