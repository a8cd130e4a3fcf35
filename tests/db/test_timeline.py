"""What a job's time went to: every span follows the one before, and none is negative."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from db import deliveries, jobs, timeline
from db.engine import Sessions, transaction
from db.tables import AssociationRow, DeliveryRow, InstanceRow, JobEventRow, JobRow
from screening.stages import Stages
from tests.db import factories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUIET = 60.0
STAGES = Stages({"request": 0.5, "decode": 1.0, "network.lungs": 2.0, "predict": 0.25, "network.risk": 1.0})


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def _received(s: Session, *seconds: float, closed: float | None = None) -> None:
    """Images that came so many seconds after noon over one association, which was closed."""
    association = factories.open_association(
        s, calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.1.2.3", rejected_contexts=[]
    )
    for number, moment in enumerate(seconds, 1):
        uid = f"1.2.3.1.1.{number}"
        factories.admit(s, factories.make_instance(uid), association)
        s.execute(update(InstanceRow).where(InstanceRow.sop_instance_uid == uid).values(received_at=_at(moment)))
    if closed is not None:
        s.execute(update(AssociationRow).values(closed_at=_at(closed)))


def _opened(s: Session, seconds: float) -> int:
    job, _ = factories.open_job(s)
    s.execute(update(JobRow).values(created_at=_at(seconds)))
    return job.job_id


def _event(s: Session, to_state: str, *seconds: float) -> None:
    """Put the events with this state, in their order, at these moments."""
    events = s.query(JobEventRow).filter_by(to_state=to_state).order_by(JobEventRow.id).all()
    for event, moment in zip(events, seconds, strict=True):
        event.at = _at(moment)
    s.flush()


def _spans(s: Session, job_id: int) -> list[tuple[str, float, float]]:
    """Name, begin and length of each, in seconds from noon."""
    found = timeline.of_job(s, job_id, quiet_seconds=QUIET)
    return [(span.name, (span.began - NOON).total_seconds(), span.seconds) for span in found]


def _finished(s: Session, stages: Stages | None = STAGES) -> int:
    """Received at 0 to 10, opened at 71, claimed at 72, stored at 80."""
    _received(s, 0, 10, closed=11)
    job_id = _opened(s, 71)
    claim = factories.claim(s, job_id)
    assert claim is not None
    jobs.finish(s, claim, factories.make_findings(), factories.make_report(), factories.to("pacs"), stages=stages)
    _event(s, "claimed", 72)
    _event(s, "inferred", 79)
    _event(s, "pending", 79.5, 80)
    return job_id


def test_until_a_worker_has_it(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _received(s, 0, 10, closed=11)
        job_id = _opened(s, 71)
        expected = [("receive", 0, 10), ("quiet", 10, 60), ("intake", 70, 1)]
        assert _spans(s, job_id) == expected
        assert factories.claim(s, job_id) is not None
        _event(s, "claimed", 75)
        assert _spans(s, job_id) == [*expected, ("queue", 71, 4)]


def test_a_study_is_not_quiet_while_its_association_is_open(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _received(s, 0, 10, closed=100)
        assert _spans(s, _opened(s, 103)) == [("receive", 0, 10), ("quiet", 10, 90), ("intake", 100, 3)]


def test_what_was_opened_before_the_time_waited_for_nothing(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _received(s, 0, 10, closed=11)
        assert _spans(s, _opened(s, 20)) == [("receive", 0, 10), ("quiet", 10, 10), ("intake", 20, 0)]


def test_images_that_came_after_a_job_do_not_belong_to_it(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _received(s, 0, 10, 500, closed=501)
        s.execute(update(AssociationRow).values(closed_at=_at(12)))
        assert _spans(s, _opened(s, 71))[:2] == [("receive", 0, 10), ("quiet", 10, 60)]


def test_the_run_has_the_stages_that_were_measured_and_the_rest_is_storing(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert _spans(s, _finished(s))[3:] == [
            ("queue", 71, 1),
            ("request", 72, 0.5),
            ("decode", 72.5, 1.0),
            ("network", 73.5, 3.0),
            ("predict", 76.5, 0.25),
            ("store", 76.75, 3.25),
        ]


def test_a_run_that_nobody_measured_is_one_span(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert _spans(s, _finished(s, None))[4:] == [("run", 72, 8)]


def test_more_was_measured_than_there_was_time(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert _spans(s, _finished(s, Stages({"decode": 30})))[4:] == [("decode", 72, 30), ("store", 102, 0)]


def test_attempts_that_failed_are_told_by_their_length(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _received(s, 0, closed=1)
        job_id = _opened(s, 61)
        for _ in range(2):
            claim = factories.claim(s, job_id)
            assert claim is not None
            jobs.fail(s, claim, reason="signal 11", retry_at=NOON)
        claim = factories.claim(s, job_id)
        assert claim is not None
        jobs.finish(s, claim, factories.make_findings(), factories.make_report(), [], stages=STAGES)
        _event(s, "claimed", 62, 70, 90)
        _event(s, "inferred", 95)
        assert _spans(s, job_id)[3:5] == [("queue", 61, 1), ("attempts", 62, 28)]
        assert _spans(s, job_id)[-1] == ("store", 94.75, 0.25)


def test_deliveries_follow_by_destination(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = _finished(s)
        (first,) = deliveries.due(s)
        batch = deliveries.claim_batch(s, first, owner="host:1:a", lease_seconds=60)
        assert batch is not None
        _event(s, "sending", 81, 81.25)
        assert _spans(s, job_id)[-1] == ("deliver", 80, 1)
        for item in batch.deliveries:
            answer = factories.answer(item.object)
            deliveries.record(s, item.delivery_id, owner="host:1:a", result=answer, retry_at=None)
        s.execute(update(DeliveryRow).values(sent_at=_at(83)))
        s.expire_all()
        assert _spans(s, job_id)[-2:] == [("deliver", 80, 1), ("send", 81, 2)]
        for item in batch.deliveries:
            deliveries.verified(s, item.delivery_id, True, "C-FIND")
        s.execute(update(DeliveryRow).values(committed_at=_at(90)))
        s.expire_all()
        assert _spans(s, job_id)[-1] == ("confirm", 83, 7)
        assert {span.destination for span in timeline.of_job(s, job_id, quiet_seconds=QUIET)[-3:]} == {"pacs"}


def test_a_job_that_is_not_there(sessions: Sessions) -> None:
    with transaction(sessions) as s, pytest.raises(KeyError):
        timeline.of_job(s, 4711, quiet_seconds=QUIET)
