"""Which jobs may be worked on together with one that is claimed."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from db import events, jobs
from db.engine import Sessions, transaction
from db.tables import JobRow
from screening.jobs import Claim, JobState
from tests.db import factories

MOST = 10
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _open(sessions: Sessions, count: int, **changes: Any) -> list[int]:
    """Jobs that wait, oldest first."""
    found = []
    with transaction(sessions) as s:
        factories.admit(s)
        for _ in range(count):
            number = s.scalar(select(func.count()).select_from(JobRow))
            found.append(factories.open_job(s, images=f"images {number}", **changes)[0].job_id)
    return found


def _claimed(sessions: Sessions, job_id: int) -> Claim:
    with transaction(sessions) as s:
        found = factories.claim(s, job_id)
    assert found is not None
    return found


def _alike(sessions: Sessions, first: Claim, most: int = MOST) -> list[Claim]:
    with transaction(sessions) as s:
        return jobs.claim_alike(s, first, most=most, lease_seconds=60, maximum_attempts=3)


def test_the_oldest_that_wait_are_claimed_for_the_same_owner(sessions: Sessions) -> None:
    ids = _open(sessions, 5)
    found = _alike(sessions, _claimed(sessions, ids[2]), most=3)
    assert [claim.job.job_id for claim in found] == [ids[0], ids[1], ids[3]]
    assert {(claim.owner, claim.attempt, claim.job.state) for claim in found} == {("host:1", 1, JobState.CLAIMED)}
    with transaction(sessions) as s:
        assert jobs.get(s, ids[4]).state is JobState.READY
        assert [event.to_state for event in events.of_job(s, ids[0])] == ["ready", "claimed"]


def test_only_the_same_model_configuration_and_queue(sessions: Sessions) -> None:
    (first,) = _open(sessions, 1)
    for changes in (
        {"model_name": "pediatric_age_cxr"},
        {"model_version": "2.0.0"},
        {"config_digest": factories.digest_of("another")},
        {"queue": "gpu"},
    ):
        _open(sessions, 1, **changes)
    assert _alike(sessions, _claimed(sessions, first)) == []


def test_nothing_that_is_done_claimed_or_waits_for_its_next_attempt(sessions: Sessions) -> None:
    first, done, claimed, failed = _open(sessions, 4)
    with transaction(sessions) as s:
        taken = factories.claim(s, done)
        assert taken is not None
        jobs.finish(s, taken, factories.make_findings(), factories.make_report(), [])
    _claimed(sessions, claimed)
    taken = _claimed(sessions, failed)
    with transaction(sessions) as s:
        jobs.fail(s, taken, reason="signal 11", retry_at=LONG_AGO)
    assert _alike(sessions, _claimed(sessions, first)) == []


def test_a_job_whose_lease_ended_once_goes_with_nobody(sessions: Sessions) -> None:
    """It may be what killed its worker."""
    suspect, innocent = _open(sessions, 2)
    _claimed(sessions, suspect)
    with transaction(sessions) as s:
        jobs.release_owner(s, "host:1")
    assert _alike(sessions, _claimed(sessions, innocent)) == []
    with transaction(sessions) as s:
        jobs.release_owner(s, "host:1")
    _open(sessions, 1)
    assert _alike(sessions, _claimed(sessions, suspect)) == []


def test_an_operators_retry_makes_it_one_like_the_others(sessions: Sessions) -> None:
    again, other = _open(sessions, 2)
    taken = _claimed(sessions, again)
    with transaction(sessions) as s:
        jobs.fail(s, taken, reason="cut off", retry_at=None)
        assert jobs.retry(s, again, "admin")
    (found,) = _alike(sessions, _claimed(sessions, other))
    assert (found.job.job_id, found.attempt) == (again, 2)


def test_two_workers_get_different_ones(sessions: Sessions) -> None:
    ids = _open(sessions, 6)
    mine = _alike(sessions, _claimed(sessions, ids[0]), most=2)
    theirs = _alike(sessions, _claimed(sessions, ids[3]), most=2)
    taken = [claim.job.job_id for claim in (*mine, *theirs)]
    assert taken == [ids[1], ids[2], ids[4], ids[5]]
