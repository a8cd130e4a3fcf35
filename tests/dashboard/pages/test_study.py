"""One study."""

import pytest

from db import audit, jobs, selections
from screening.findings import NotEvaluable
from screening.types import Eligible, Ineligible, Selection
from tests.dashboard.site import Browser, Site, text_of
from tests.db.factories import STUDY, admit, claimed, finished, make_instance, make_report


def _views(site: Site) -> list[tuple[str, str]]:
    with site.transaction() as s:
        return [(line.actor, line.detail) for line in audit.newest(s) if line.action == "view"]


@pytest.fixture
def study(site: Site) -> Site:
    """One with a result, a chosen series and a rejected one."""
    with site.transaction() as s:
        finished(s)
        admit(s, make_instance("1.2.3.1.2.1", series="1.2.3.1.2", PatientName="DOE^JANE", SeriesDescription="lateral"))
        chosen = Eligible(series_instance_uid="1.2.3.1.1", sop_instance_uids=("1.2.3.1.1.1",), reason="frontal, PA")
        no = Ineligible(series_instance_uid="1.2.3.1.2", code="wrong-view", reason="the view is lateral")
        decided = Selection(chosen=chosen, rejected=(no,))
        selections.record(s, STUDY, "cap_mortality_cxr", "1.0.0", decided, "eligible", "frontal, PA")
    return site


def test_everything_of_a_study_on_one_page(study: Site, operator: Browser) -> None:
    answer = operator.get("/studies/1")
    text = text_of(answer)
    assert "High risk." in text
    assert "30-day mortality 30 days 12.50" in text
    assert "10.00 to 15.00" in text
    assert "cap_mortality_cxr chosen frontal, PA" in text
    assert "cap_mortality_cxr rejected the view is lateral" in text
    assert "cap_mortality_cxr 1.0.0 eligible frontal, PA" in text
    assert text.count("pending") >= 2
    assert "history, " in text.lower()
    assert '<rect x="' in answer.text
    assert "Patient ID P1" in text


def test_a_viewer_sees_no_name_and_every_view_is_written_down(study: Site, viewer: Browser, operator: Browser) -> None:
    text = text_of(viewer.get("/studies/1"))
    assert "masked for your role" in text
    assert "P1" not in text
    assert "DOE" not in text
    operator.get("/studies/1")
    assert _views(study) == [("operator", "with the patient's name"), ("viewer", "without names")]


def test_a_study_that_is_not_there_is_no_view(site: Site, viewer: Browser) -> None:
    assert viewer.get("/studies/1").status_code == 404
    assert _views(site) == []


def test_a_study_that_nobody_looked_at_yet(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        admit(s)
    text = text_of(viewer.get("/studies/1"))
    assert "No model works on this study." in text
    assert "the study waits for its last image" in text


def test_not_evaluable_is_a_result_with_its_reason(site: Site, viewer: Browser) -> None:
    with site.transaction() as s:
        taken = claimed(s)
        jobs.finish(s, taken, NotEvaluable(code="age-unknown", reason="the age is not known"), make_report(), [])
    text = text_of(viewer.get("/studies/1"))
    assert "not evaluable the age is not known (age-unknown)" in text
    assert "goes to no destination" in text


def test_what_failed_is_tried_again_by_an_operator(site: Site, operator: Browser, viewer: Browser) -> None:
    with site.transaction() as s:
        taken = claimed(s)
        jobs.fail(s, taken, reason="the pixel data end too early", retry_at=None)
    assert "the pixel data end too early" in text_of(viewer.get("/studies/1"))
    assert "Try again what failed" not in text_of(viewer.get("/studies/1"))
    assert "Try again what failed" in text_of(operator.get("/studies/1"))
    answer = operator.post("/studies/1/retry")
    assert (answer.status_code, answer.headers["location"]) == (303, "/studies/1")
    with site.transaction() as s:
        assert jobs.get(s, taken.job.job_id).state == "ready"
        assert audit.newest(s)[0].actor == "operator"
    assert operator.post("/studies/99/retry").status_code == 404
