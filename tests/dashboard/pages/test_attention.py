"""What failed for good."""

from collections.abc import Callable

import pytest

from db import audit, deliveries, jobs
from screening.jobs import JobState
from screening.reports import DeliveryState, SendResult
from tests.dashboard.site import Browser, Site, text_of
from tests.db.factories import claimed, finished


@pytest.fixture
def failed(site: Site) -> Site:
    """A job in quarantine (1), and another whose deliveries (1 and 2) were refused."""
    with site.transaction() as s:
        jobs.fail(s, claimed(s), reason="the pixel data end too early", retry_at=None)
        finished(s, images="others")
        batch = deliveries.claim_batch(s, 1, owner="x", lease_seconds=60)
        assert batch is not None
        for item in batch.deliveries:
            refused = SendResult(
                status=0xC000, detail="cannot understand", sop_class_uid=item.object.sop_class_uid,
                sop_instance_uid=item.object.sop_instance_uid,
            )  # fmt: skip
            deliveries.record(s, item.delivery_id, owner="x", result=refused, retry_at=None)
    return site


def _state(site: Site, job_id: int = 1) -> JobState:
    with site.transaction() as s:
        return jobs.get(s, job_id).state


def _refused(site: Site) -> int:
    with site.transaction() as s:
        return len(deliveries.in_state(s, DeliveryState.FAILED))


def test_each_is_shown_with_its_reason(failed: Site, viewer: Browser, operator: Browser) -> None:
    text = text_of(viewer.get("/attention"))
    assert "the pixel data end too early" in text
    assert text.count("0xC000 cannot understand") == 2
    assert "Try again" not in text
    assert "Dismiss" not in text
    assert "Try again" in text_of(operator.get("/attention"))


def test_a_job_is_tried_again(failed: Site, operator: Browser) -> None:
    assert operator.post("/attention/jobs/1/retry").headers["location"] == "/attention"
    assert _state(failed) is JobState.READY
    with failed.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.subject) == ("operator", "retry", "job 1")


def test_a_job_is_given_up_by_somebody_for_a_reason(failed: Site, operator: Browser) -> None:
    answer = operator.post("/attention/jobs/1/dismiss", why="  ")
    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    assert _state(failed) is JobState.QUARANTINED
    operator.post("/attention/jobs/1/dismiss", why="the patient moved")
    assert _state(failed) is JobState.DISMISSED
    with failed.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.detail) == ("operator", "dismiss", "the patient moved")


def test_a_refused_object_is_sent_again(failed: Site, operator: Browser) -> None:
    operator.post("/attention/deliveries/1/retry")
    assert _refused(failed) == 1


def test_all_at_once(failed: Site, operator: Browser) -> None:
    operator.post("/attention/retry-all")
    assert _state(failed) is JobState.READY
    assert _refused(failed) == 0
    assert "None." in text_of(operator.get("/attention"))


@pytest.mark.parametrize("do", ["retry", "dismiss"])
def test_a_job_that_is_not_there(operator: Browser, do: str) -> None:
    assert operator.post(f"/attention/jobs/7/{do}", why="x").status_code == 404


def test_one_that_somebody_else_was_quicker_with_is_no_error(failed: Site, operator: Browser) -> None:
    again: Callable[[], int] = lambda: operator.post("/attention/jobs/1/retry").status_code  # noqa: E731
    assert [again(), again()] == [303, 303]
