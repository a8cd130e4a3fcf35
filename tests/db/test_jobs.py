"""Jobs: opened once, claimed by one, fenced."""

import multiprocessing
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from db import audit, deliveries, events, findings, jobs, reports, status
from db.deliveries import PlannedDelivery
from db.engine import Sessions, database_now, make_engine, make_sessions, transaction
from db.tables import DeliveryRow, FindingRow, JobRow, ReportObjectRow, ResultRow
from screening import clock
from screening.codes import PNEUMONIA
from screening.errors import LeaseLost
from screening.jobs import Claim, JobState
from screening.types import ClinicalContext
from tests.db import factories


def _all_at_once(count: int, work: Callable[[int], None]) -> None:
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def _written(sessions: Sessions) -> list[int]:
    """Rows of results, findings, report objects and deliveries."""
    with transaction(sessions) as s:
        tables = (ResultRow, FindingRow, ReportObjectRow, DeliveryRow)
        return [s.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def _state(sessions: Sessions, job_id: int) -> JobState:
    with transaction(sessions) as s:
        return jobs.get(s, job_id).state


def _new(sessions: Sessions) -> int:
    with transaction(sessions) as s:
        factories.admit(s)
        return factories.open_job(s)[0].job_id


def _claim(sessions: Sessions, job_id: int, **how: float) -> Claim:
    with transaction(sessions) as s:
        claim = factories.claim(s, job_id, **how)  # type: ignore[arg-type]
    assert claim is not None
    return claim


def test_the_same_work_is_one_job(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        first, created = factories.open_job(s)
        again, created_again = factories.open_job(s)
        assert (created, created_again) == (True, False)
        assert first == again
        assert first.state is JobState.READY
        assert first.sop_instance_uids == ("1.2.3.1.1.1",)
        others = [
            factories.open_job(s, images="other images"),
            factories.open_job(s, model_version="1.0.1"),
            factories.open_job(s, model_name="other"),
            factories.open_job(s, config_digest=factories.digest_of("other")),
        ]
        assert all(created for _, created in others)
        assert jobs.of_study(s, factories.STUDY) == [first, *(job for job, _ in others)]


def test_a_job_keeps_the_context_that_it_was_opened_with(sessions: Sessions) -> None:
    known = ClinicalContext(diagnoses=(PNEUMONIA,), items={"urea_mmol_per_l": 8.1})
    with transaction(sessions) as s:
        factories.admit(s)
        job, _ = factories.open_job(s, context=known)
    with transaction(sessions) as s:
        found = jobs.get(s, job.job_id)
    assert (found.context.diagnoses, dict(found.context.items)) == (known.diagnoses, dict(known.items))
    assert "8.1" not in repr(found)


def test_the_same_work_opened_by_many_at_once_is_one_job(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
    opened = []

    def open_it(_: int) -> None:
        with transaction(sessions) as s:
            job, created = factories.open_job(s)
        opened.append((job.job_id, created))

    _all_at_once(8, open_it)
    assert len(opened) == 8
    assert len({job_id for job_id, _ in opened}) == 1
    assert sum(created for _, created in opened) == 1


def test_one_of_many_threads_gets_the_claim(sessions: Sessions) -> None:
    job_id = _new(sessions)
    won: list[Claim | None] = []

    def take(number: int) -> None:
        with transaction(sessions) as s:
            won.append(factories.claim(s, job_id, owner=f"host:{number}"))

    _all_at_once(8, take)
    assert len(won) == 8
    (claim,) = [claim for claim in won if claim is not None]
    with transaction(sessions) as s:
        job = jobs.get(s, job_id)
        assert (job.state, job.attempt, job.lease_owner) == (JobState.CLAIMED, 1, claim.owner)


def _claim_many(url: str, job_ids: list[int], owner: str, answers: "multiprocessing.Queue[list[int]]") -> None:
    engine = make_engine(url)
    sessions, won = make_sessions(engine), []
    for job_id in job_ids:
        with transaction(sessions) as s:
            if factories.claim(s, job_id, owner=owner) is not None:
                won.append(job_id)
    engine.dispose()
    answers.put(won)


def test_processes_share_the_jobs_and_none_is_claimed_twice(sessions: Sessions, migrated_url: str) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        job_ids = [factories.open_job(s, images=str(n))[0].job_id for n in range(20)]
    spawn = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[int]] = spawn.Queue()
    workers = [spawn.Process(target=_claim_many, args=(migrated_url, job_ids, f"host:{n}", answers)) for n in range(2)]
    for worker in workers:
        worker.start()
    won = [job_id for _ in workers for job_id in answers.get(timeout=120)]
    for worker in workers:
        worker.join(60)
    assert sorted(won) == job_ids


def test_a_claim_is_had_once_until_its_lease_ends(sessions: Sessions) -> None:
    job_id = _new(sessions)
    first = _claim(sessions, job_id, lease=60)
    with transaction(sessions) as s:
        assert factories.claim(s, job_id, owner="host:2") is None
        assert jobs.renew(s, first, -1)
        second = factories.claim(s, job_id, owner="host:2")
        assert second is not None
        assert second.attempt == 2
        assert not jobs.renew(s, first, 60)
        assert jobs.renew(s, second, 60)


def test_a_worker_that_lost_its_lease_writes_nothing(sessions: Sessions) -> None:
    job_id = _new(sessions)
    slow = _claim(sessions, job_id, lease=-1)
    fast = _claim(sessions, job_id)
    before = len(_history(sessions, job_id))
    with transaction(sessions) as s:  # committed, although it was refused
        with pytest.raises(LeaseLost, match=f"no longer holds job {job_id}"):
            jobs.finish(s, slow, factories.make_findings(), factories.make_report(), factories.to("pacs"))
        with pytest.raises(LeaseLost):
            jobs.fail(s, slow, reason="late", retry_at=None)
    assert _written(sessions) == [0, 0, 0, 0]
    assert len(_history(sessions, job_id)) == before
    with transaction(sessions) as s:
        jobs.finish(s, fast, factories.make_findings(), factories.make_report(), factories.to("pacs"))
    assert _written(sessions) == [1, 2, 2, 2]
    with transaction(sessions) as s, pytest.raises(LeaseLost):
        jobs.finish(s, fast, factories.make_findings(), factories.make_report(2), [])
    assert _written(sessions) == [1, 2, 2, 2]


def _history(sessions: Sessions, job_id: int) -> list[tuple[str | None, str]]:
    with transaction(sessions) as s:
        return [(event.from_state, event.to_state) for event in events.of_job(s, job_id)]


def test_a_retry_does_not_give_the_old_worker_its_fence_back(sessions: Sessions) -> None:
    """The same owner, the first attempt of another round: the count of attempts must not begin anew."""
    job_id = _new(sessions)
    old = _claim(sessions, job_id)
    with transaction(sessions) as s:
        jobs.fail(s, old, reason="x", retry_at=None)
        assert jobs.retry(s, job_id, "admin")
    new = _claim(sessions, job_id)
    assert new.owner == old.owner
    with transaction(sessions) as s:
        assert not jobs.renew(s, old, 60)
        with pytest.raises(LeaseLost):
            jobs.finish(s, old, factories.make_findings(), factories.make_report(), [])
        assert jobs.renew(s, new, 60)


def test_finish_is_all_or_nothing(sessions: Sessions) -> None:
    """A report object whose UID is taken makes even a caller that goes on regardless keep nothing of the job."""
    with transaction(sessions) as s:
        factories.finished(s)
        second = factories.claim(s, factories.open_job(s, images="other")[0].job_id)
    assert second is not None
    before = _written(sessions)
    with transaction(sessions) as s, pytest.raises(IntegrityError):
        jobs.finish(s, second, factories.make_findings(), factories.make_report(), factories.to("pacs"))
    unknown = [PlannedDelivery(role="masks", destination="pacs", held=False)]
    with transaction(sessions) as s, pytest.raises(ValueError, match="masks"):
        jobs.finish(s, second, factories.make_findings(), factories.make_report(2), unknown)
    assert _written(sessions) == before
    assert _state(sessions, second.job.job_id) is JobState.CLAIMED
    with transaction(sessions) as s:
        jobs.finish(s, second, factories.make_findings(), factories.make_report(2), factories.to("pacs"))
    assert _written(sessions) == [2 * n for n in before]


def test_held_deliveries_are_kept_back(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        claim = factories.claimed(s)
        planned = factories.to("pacs", held=True) + factories.to("research")
        jobs.finish(s, claim, factories.make_findings(), factories.make_report(), planned)
        assert status.counts(s)["deliveries"]["pacs"]["held"] == 2
        assert status.counts(s)["deliveries"]["research"]["pending"] == 2


def test_a_revision_supersedes_what_it_revises(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        first = factories.finished(s)
        assert jobs.newest_for(s, factories.STUDY, "cap_mortality_cxr") == jobs.get(s, first)
        assert jobs.newest_for(s, factories.STUDY, "other") is None
        revision, _ = factories.open_job(s, images="more", predecessor_id=first)
        assert jobs.get(s, first).state is JobState.INFERRED
        claim = factories.claim(s, revision.job_id)
        assert claim is not None
        assert claim.job.predecessor_id == first
        jobs.finish(s, claim, factories.make_findings(), factories.make_report(2), factories.to("pacs"))
    assert _state(sessions, first) is JobState.SUPERSEDED
    assert ("inferred", "superseded") in _history(sessions, first)
    with transaction(sessions) as s:
        assert findings.of_job(s, first) is not None  # nothing is deleted
        assert len(reports.objects_of(s, first)) == 2
        newest = jobs.newest_for(s, factories.STUDY, "cap_mortality_cxr")
        assert newest is not None
        assert newest.job_id == revision.job_id


def test_a_revision_supersedes_everything_before_it(sessions: Sessions) -> None:
    """The revision between failed: what came before it must not stand beside the new result."""
    with transaction(sessions) as s:
        first = factories.finished(s)
        failed, _ = factories.open_job(s, images="more", predecessor_id=first)
        claim = factories.claim(s, failed.job_id)
        assert claim is not None
        jobs.fail(s, claim, reason="codec", retry_at=None)
        waiting, _ = factories.open_job(s, images="still more", predecessor_id=failed.job_id)
        given_up, _ = factories.open_job(s, images="most", predecessor_id=waiting.job_id)
        claim = factories.claim(s, given_up.job_id)
        assert claim is not None
        jobs.fail(s, claim, reason="codec", retry_at=None)
        assert jobs.dismiss(s, given_up.job_id, "admin", "sent by mistake")
        last, _ = factories.open_job(s, images="all", predecessor_id=given_up.job_id)
        claim = factories.claim(s, last.job_id)
        assert claim is not None
        jobs.finish(s, claim, factories.make_findings(), factories.make_report(2), factories.to("pacs"))
        states = {job.job_id: job.state for job in jobs.of_study(s, factories.STUDY)}
    assert states == {
        first: JobState.SUPERSEDED,
        failed.job_id: JobState.SUPERSEDED,
        waiting.job_id: JobState.SUPERSEDED,
        given_up.job_id: JobState.DISMISSED,
        last.job_id: JobState.INFERRED,
    }
    assert _history(sessions, first)[-1] == ("inferred", "superseded")


def test_a_failed_attempt_waits_and_the_last_one_is_quarantined(sessions: Sessions) -> None:
    job_id = _new(sessions)
    for attempt in (1, 2):
        claim = _claim(sessions, job_id)
        assert claim.attempt == attempt
        with transaction(sessions) as s:
            later = database_now(s) + timedelta(seconds=60)
            assert jobs.fail(s, claim, reason="codec", retry_at=later) is JobState.RETRY_WAIT
            assert factories.claim(s, job_id) is None  # not due
            assert jobs.to_enqueue(s, "screen", again_after_seconds=0) == []
            s.get_one(JobRow, job_id).next_attempt_at = database_now(s)
            s.flush()
            assert jobs.to_enqueue(s, "screen", again_after_seconds=0) == [job_id]
    claim = _claim(sessions, job_id)
    with transaction(sessions) as s:
        later = database_now(s) + timedelta(seconds=60)
        assert jobs.fail(s, claim, reason="codec", retry_at=later) is JobState.QUARANTINED
        (found,) = jobs.quarantined(s)
        assert (found.job_id, found.reason, found.attempt) == (job_id, "codec", 3)
        assert factories.claim(s, job_id) is None


def test_a_failure_for_good_is_quarantined_at_once(sessions: Sessions) -> None:
    claim = _claim(sessions, _new(sessions))
    with transaction(sessions) as s:
        assert jobs.fail(s, claim, reason="bad pixel data", retry_at=None) is JobState.QUARANTINED


def test_an_ended_lease_is_taken_back_until_the_attempts_are_used_up(sessions: Sessions) -> None:
    job_id = _new(sessions)
    for _ in range(2):
        _claim(sessions, job_id, lease=-1)
        with transaction(sessions) as s:
            assert jobs.expire_leases(s, 3) == 1
            assert jobs.expire_leases(s, 3) == 0
        assert _state(sessions, job_id) is JobState.READY
    _claim(sessions, job_id, lease=-1)
    with transaction(sessions) as s:
        assert jobs.expire_leases(s, 3) == 1
        assert jobs.expire_leases(s, 3) == 0
    assert _state(sessions, job_id) is JobState.QUARANTINED
    assert _history(sessions, job_id)[-1] == ("claimed", "quarantined")


def test_a_clock_that_is_put_right_ends_no_lease(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = _new(sessions)
    _claim(sessions, job_id, lease=60)
    true_now = clock.now
    for off in (timedelta(days=1), timedelta(hours=-1)):
        monkeypatch.setattr(clock, "now", lambda off=off: true_now() + off)
        with transaction(sessions) as s:
            assert factories.claim(s, job_id, owner="another") is None
            assert jobs.expire_leases(s, 3) == 0


def test_a_lease_that_holds_is_left_alone(sessions: Sessions) -> None:
    job_id = _new(sessions)
    _claim(sessions, job_id, lease=60)
    with transaction(sessions) as s:
        assert jobs.expire_leases(s, 3) == 0


def test_a_claim_quarantines_what_had_its_attempts(sessions: Sessions) -> None:
    """However the attempts were used up: here by a process that died each time and took its lease back itself."""
    job_id = _new(sessions)
    for _ in range(3):
        _claim(sessions, job_id)
        with transaction(sessions) as s:
            assert jobs.release_owner(s, "host:") == 1
    with transaction(sessions) as s:
        assert factories.claim(s, job_id) is None
    with transaction(sessions) as s:
        (found,) = jobs.quarantined(s)
        assert found.reason == "gave up after 3 attempts"


def test_a_restarted_process_takes_back_its_own_leases_only(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        mine, other = (factories.open_job(s, images=n)[0].job_id for n in "ab")
        factories.claim(s, mine, owner="a_b:1")
        factories.claim(s, other, owner="axb:1")
        assert jobs.release_owner(s, "a_b:") == 1  # "_" is no wildcard
        assert jobs.get(s, mine).state is JobState.READY
        assert jobs.get(s, other).state is JobState.CLAIMED
        with pytest.raises(ValueError, match="owner_prefix"):
            jobs.release_owner(s, "")


def test_an_operator_retries_or_gives_up_what_is_quarantined(sessions: Sessions) -> None:
    job_id = _new(sessions)
    with transaction(sessions) as s:
        assert not jobs.dismiss(s, job_id, "admin", "why")  # it only waits
        claim = factories.claim(s, job_id, attempts=1)
        assert claim is not None
        assert not jobs.retry(s, job_id, "admin")
        assert not jobs.dismiss(s, job_id, "admin", "why")
        jobs.fail(s, claim, reason="codec", retry_at=None)
        assert jobs.retry(s, job_id, "admin")
        again = factories.claim(s, job_id, attempts=1)
        assert again is not None  # a whole new round
        jobs.fail(s, again, reason="codec", retry_at=None)
        assert jobs.dismiss(s, job_id, "admin", "damaged study")
        assert factories.claim(s, job_id) is None
        assert jobs.quarantined(s) == []
        assert [(entry.action, entry.actor) for entry in audit.newest(s)] == [("dismiss", "admin"), ("retry", "admin")]
    assert _history(sessions, job_id)[-1] == ("quarantined", "dismissed")


def test_a_job_that_is_not_there_is_said(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        with pytest.raises(KeyError, match="no job"):
            jobs.get(s, 1)
        assert factories.claim(s, 1) is None
        assert deliveries.of_job(s, 1) == []
