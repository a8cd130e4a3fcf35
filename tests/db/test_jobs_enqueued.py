"""Which jobs the broker is told of: each once in a while, queue by queue."""

from db import jobs
from db.engine import Sessions, transaction
from tests.db import factories
from tests.db.test_jobs import _all_at_once, _new


def test_a_ready_job_is_enqueued_once_in_a_while(sessions: Sessions) -> None:
    job_id = _new(sessions)
    with transaction(sessions) as s:
        assert jobs.to_enqueue(s, "screen", again_after_seconds=60) == [job_id]
        assert jobs.to_enqueue(s, "screen", again_after_seconds=60) == []
        assert jobs.to_enqueue(s, "screen", again_after_seconds=0) == [job_id]
        factories.claim(s, job_id, lease=-1)
        assert jobs.to_enqueue(s, "screen", again_after_seconds=0) == []
        jobs.expire_leases(s, 3)
        assert jobs.to_enqueue(s, "screen", again_after_seconds=60) == [job_id]


def test_each_queue_is_enqueued_for_itself(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert jobs.waiting_queues(s) == []
        factories.admit(s)
        slow = factories.open_job(s, images="a", queue="gpu")[0].job_id
        quick = factories.open_job(s, images="b")[0].job_id
        factories.claim(s, factories.open_job(s, images="c", queue="done")[0].job_id)
        assert jobs.waiting_queues(s) == ["gpu", "screen"]
        assert jobs.to_enqueue(s, "gpu", again_after_seconds=60) == [slow]
        assert jobs.to_enqueue(s, "screen", again_after_seconds=60) == [quick]
        assert jobs.waiting_queues(s) == ["gpu", "screen"]  # rung for, and not claimed yet


def test_two_reconcilers_do_not_enqueue_a_job_twice(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        expected = sorted(factories.open_job(s, images=str(n))[0].job_id for n in range(10))
    found: list[int] = []

    def reconcile(_: int) -> None:
        with transaction(sessions) as s:
            found.extend(jobs.to_enqueue(s, "screen", again_after_seconds=60))

    _all_at_once(4, reconcile)
    assert sorted(found) == expected
