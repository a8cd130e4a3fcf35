"""The first page."""

from pathlib import Path

from db import conditions, processes
from db.engine import database_now
from screening.users import Role
from tests.dashboard.site import Browser, Site, make_site, text_of
from tests.db.factories import finished, open_job
from tests.worker.ports import MODEL, pacs


def test_an_empty_node_says_that_nothing_runs(viewer: Browser) -> None:
    text = text_of(viewer.get("/"))
    assert "Listener down" in text
    assert "No process of the node says that it runs." in text
    assert f"{MODEL} 0 0 0 0" in text


def test_the_queue_by_state_and_model(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        finished(s)
        open_job(s, images="others")
        open_job(s, images="others", model_name="bone_muscle_ct")
        processes.beat(s, "x", role="serve", host="node1", version="0.1.0", started_at=database_now(s))
    page = viewer.get("/")
    text = text_of(page)
    assert "Listener up node1" in text
    assert f"{MODEL} 1 0 0 0" in text
    assert "bone_muscle_ct 1 0 0 0" in text
    assert f"/studies?state=ready&amp;model={MODEL}" in page.text


def test_a_destination_with_what_is_wrong_with_it(tmp_path: Path) -> None:
    site = make_site(tmp_path, destinations=(pacs(104),))
    with site.transaction() as s:
        finished(s, ("pacs", "gone"))
        conditions.failed(s, conditions.destination("pacs"), "connection refused")
    text = text_of(site.signed_in(Role.VIEWER).get("/"))
    assert "1 failing" in text
    assert "pacs failing 1 failure since" in text
    assert "connection refused 2 0 0 0 0 0" in text
    assert "gone not in the settings" in text


def test_what_changes_is_asked_for_alone(viewer: Browser) -> None:
    page = viewer.get("/overview/now")
    assert page.text.lstrip().startswith('<div id="now" hx-get="/overview/now" hx-trigger="every 5s"')
    assert "<html" not in page.text
