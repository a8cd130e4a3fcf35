"""Rows of jobs."""

from datetime import timedelta

import pytest

from db import events
from db.engine import Sessions, database_now, transaction
from db.job_rows import lock, move, to_job
from screening.jobs import JobState
from tests.db import factories


def test_a_move_drops_lease_and_waiting_times_and_writes_its_arrow(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        claim = factories.claimed(s)
        row = lock(s, claim.job.job_id)
        row.next_attempt_at = row.enqueued_at = database_now(s)
        move(s, row, JobState.READY, owner="admin", detail="why")
    with transaction(sessions) as s:
        row = lock(s, claim.job.job_id)
        assert row.state == "ready"
        assert (row.lease_owner, row.lease_until, row.next_attempt_at, row.enqueued_at) == (None,) * 4
        arrow = events.of_job(s, row.id)[-1]
        assert (arrow.from_state, arrow.to_state, arrow.attempt) == ("claimed", "ready", 1)
        assert (arrow.owner, arrow.detail) == ("admin", "why")


def test_a_row_as_a_value(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        claim = factories.claimed(s)
        now = database_now(s)
        job = to_job(lock(s, claim.job.job_id))
    assert job == claim.job
    assert job.lease_until is not None
    assert timedelta(seconds=55) < job.lease_until - now < timedelta(seconds=65)
    assert job.sop_instance_uids == ("1.2.3.1.1.1",)


def test_no_row_no_lock(sessions: Sessions) -> None:
    with transaction(sessions) as s, pytest.raises(KeyError, match="no job 7"):
        lock(s, 7)
