"""Pauses: who stopped what and why, and that nothing is claimed meanwhile."""

import pytest

from db import audit, deliveries, events, jobs, pauses, status
from db.engine import Sessions, transaction
from db.pauses import Part
from screening.jobs import JobState
from screening.reports import DeliveryState
from tests.db import factories


def test_it_is_said_what_each_pause_does() -> None:
    assert set(pauses.MEANING) == set(Part)


def test_everything_runs_at_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert pauses.known(s) == {}
        assert not any(pauses.is_paused(s, part) for part in Part)
        assert not pauses.resume(s, Part.INTAKE, who="jane")
        assert audit.newest(s) == []


def test_who_paused_it_and_why(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert pauses.pause(s, Part.DELIVERY, who="jane", why="  the archive\n is updated ")
    with transaction(sessions) as s:
        assert not pauses.pause(s, Part.DELIVERY, who="joe", why="me too")
        known = pauses.known(s)
        assert [pauses.is_paused(s, part) for part in Part] == [False, False, True]
        told = status.counts(s)["pauses"]
    assert set(known) == {Part.DELIVERY}
    assert (known[Part.DELIVERY].by, known[Part.DELIVERY].why) == ("jane", "the archive is updated")
    since = known[Part.DELIVERY].at.isoformat(timespec="seconds")
    assert told == {"delivery": {"since": since, "by": "jane", "why": "the archive is updated"}}
    with transaction(sessions) as s:
        assert pauses.resume(s, Part.DELIVERY, who="joe", why="done")
        assert pauses.known(s) == {}
        lines = [(line.actor, line.action, line.subject, line.detail) for line in audit.newest(s)]
    assert lines == [
        ("joe", "resume", "delivery", "done"),
        ("jane", "pause", "delivery", "the archive is updated"),
    ]


@pytest.mark.parametrize("why", ["", " \n"])
def test_a_pause_needs_a_reason(sessions: Sessions, why: str) -> None:
    with transaction(sessions) as s, pytest.raises(ValueError, match="why intake is paused"):
        pauses.pause(s, Part.INTAKE, who="jane", why=why)


def test_no_job_is_claimed_or_loses_an_attempt_while_screening_is_paused(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        running, waiting = (factories.open_job(s, images=name)[0].job_id for name in "ab")
        first = factories.claim(s, running)
        assert first is not None
        assert jobs.to_enqueue(s, "screen", again_after_seconds=60) == [waiting]
        pauses.pause(s, Part.SCREENING, who="jane", why="the GPU is exchanged")
    with transaction(sessions) as s:
        assert factories.claim(s, waiting, attempts=0) is None
        assert jobs.claim_alike(s, first, most=3, lease_seconds=60, maximum_attempts=3) == []
        assert jobs.to_enqueue(s, "screen", again_after_seconds=0) == []
        assert jobs.renew(s, first, 60)  # what runs goes on to its end
        jobs.finish(s, first, factories.make_findings(), factories.make_report(), [])
        left = jobs.get(s, waiting)
        assert (left.state, jobs.quarantined(s)) == (JobState.READY, [])
        assert [event.to_state for event in events.of_job(s, waiting)] == ["ready"]
        pauses.resume(s, Part.SCREENING, who="jane")
    with transaction(sessions) as s:  # rung for anew at once: the message of before may have been dropped
        assert jobs.to_enqueue(s, "screen", again_after_seconds=3600) == [waiting]
        taken = factories.claim(s, waiting)
    assert taken is not None
    assert taken.attempt == 1


def test_nothing_is_sent_while_delivery_is_paused(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
        (first,) = deliveries.due(s)
        pauses.pause(s, Part.DELIVERY, who="jane", why="the archive is updated")
    with transaction(sessions) as s:
        assert deliveries.due(s, again_after_seconds=0) == []
        assert deliveries.claim_batch(s, first, owner="x", lease_seconds=60) is None
        assert {(row.state, row.attempt) for row in deliveries.of_job(s, job_id)} == {(DeliveryState.PENDING, 0)}
        pauses.resume(s, Part.DELIVERY, who="jane")
    with transaction(sessions) as s:
        assert deliveries.due(s, again_after_seconds=3600) == [first]
        batch = deliveries.claim_batch(s, first, owner="x", lease_seconds=60)
    assert batch is not None
    assert len(batch.deliveries) == 2


def test_one_part_does_not_stop_another(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.finished(s)
        waiting = factories.open_job(s, images="b")[0].job_id
        pauses.pause(s, Part.INTAKE, who="jane", why="x")
        assert len(deliveries.due(s)) == 1
        assert factories.claim(s, waiting) is not None
