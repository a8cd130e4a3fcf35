"""Deliveries: batches, leases, what an answer makes of them."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from db import audit, deliveries, jobs
from db.deliveries import Batch
from db.engine import Sessions, database_now, transaction
from db.tables import DeliveryRow
from screening.errors import LeaseLost
from screening.reports import DeliveryState, SendResult
from tests.db import factories


def _finish(sessions: Sessions, *destinations: str) -> int:
    with transaction(sessions) as s:
        return factories.finished(s, destinations)


def _states(sessions: Sessions, job_id: int) -> list[tuple[str, DeliveryState]]:
    with transaction(sessions) as s:
        return [(row.role, row.state) for row in deliveries.of_job(s, job_id)]


def _take(sessions: Sessions, owner: str = "s:1", lease: float = 60) -> Batch:
    with transaction(sessions) as s:
        (first,) = deliveries.due(s, again_after_seconds=0)
        batch = deliveries.claim_batch(s, first, owner=owner, lease_seconds=lease)
    assert batch is not None
    return batch


def test_one_id_stands_for_each_job_and_destination(sessions: Sessions) -> None:
    _finish(sessions, "pacs", "research")
    with transaction(sessions) as s:
        assert len(deliveries.due(s)) == 2
        assert deliveries.due(s) == []
        assert len(deliveries.due(s, again_after_seconds=0)) == 2


def test_a_batch_is_everything_of_one_job_for_one_destination_in_order(sessions: Sessions) -> None:
    job_id = _finish(sessions, "pacs", "research")
    with transaction(sessions) as s:
        pacs, _ = deliveries.due(s)
        batch = deliveries.claim_batch(s, pacs, owner="s:1", lease_seconds=60)
        assert batch is not None
        assert batch.destination == "pacs"
        assert [item.object for item in batch.deliveries] == list(factories.make_report().objects)
        assert {(item.job_id, item.study_instance_uid, item.attempt) for item in batch.deliveries} == {
            (job_id, factories.STUDY, 1)
        }
        assert deliveries.claim_batch(s, pacs, owner="s:2", lease_seconds=60) is None
        assert {row.state for row in deliveries.of_job(s, job_id) if row.destination == "research"} == {
            DeliveryState.PENDING
        }


def test_one_of_many_senders_gets_the_whole_batch(sessions: Sessions) -> None:
    job_id = _finish(sessions, "pacs")
    with transaction(sessions) as s:
        ids = [row.delivery_id for row in deliveries.of_job(s, job_id)]
    barrier, won = threading.Barrier(6), []

    def take(number: int) -> None:
        barrier.wait()
        with transaction(sessions) as s:
            batch = deliveries.claim_batch(s, ids[number % 2], owner=f"s:{number}", lease_seconds=60)
        if batch is not None:
            won.append(len(batch.deliveries))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert won == [2]


@pytest.mark.parametrize(
    ("status", "detail", "state"),
    [
        (0x0000, "", DeliveryState.SENT),
        (0xB000, "coercion of data elements", DeliveryState.SENT),
        (0xA700, "out of resources", DeliveryState.PENDING),
        (None, "connection lost", DeliveryState.PENDING),
        (None, "no presentation context for Comprehensive 3D SR", DeliveryState.FAILED),
        (0xA900, "data set does not match SOP class", DeliveryState.FAILED),
        (0xC000, "cannot understand", DeliveryState.FAILED),
        (0x0122, "SOP class not supported", DeliveryState.FAILED),
    ],
)
def test_what_an_answer_makes_of_a_delivery(
    sessions: Sessions, status: int | None, detail: str, state: DeliveryState
) -> None:
    job_id = _finish(sessions, "pacs")
    batch = _take(sessions)
    with transaction(sessions) as s:
        retry_at = database_now(s) + timedelta(seconds=60)
        item = batch.deliveries[0]
        result = factories.answer(item.object, status, detail)
        assert deliveries.record(s, item.delivery_id, owner="s:1", result=result, retry_at=retry_at) is state
        row, other = deliveries.of_job(s, job_id)
        assert (row.state, row.status, row.detail) == (state, status, detail)
        assert other.state is DeliveryState.SENDING
        assert (row.sent_at is not None) == (state is DeliveryState.SENT)
        assert (row.next_attempt_at == retry_at) == (state is DeliveryState.PENDING)
        assert deliveries.due(s, again_after_seconds=0) == []  # nothing before retry_at


def test_a_waiting_delivery_is_due_at_its_time_and_sends_the_same_bytes(sessions: Sessions) -> None:
    _finish(sessions, "pacs")
    batch = _take(sessions)
    with transaction(sessions) as s:
        for item in batch.deliveries:
            result = factories.answer(item.object, 0xA700, "full")
            deliveries.record(s, item.delivery_id, owner="s:1", result=result, retry_at=database_now(s))
    again = _take(sessions)
    assert [item.object for item in again.deliveries] == [item.object for item in batch.deliveries]
    assert [item.attempt for item in again.deliveries] == [2, 2]


def test_what_waits_for_an_answer_is_hastened_and_what_was_refused_is_not(sessions: Sessions) -> None:
    job_id = _finish(sessions, "pacs")
    far = datetime(2999, 1, 1, tzinfo=UTC)
    batch = _take(sessions)
    with transaction(sessions) as s:
        for item, status in zip(batch.deliveries, (None, 0xA700, None), strict=False):
            uid, sop_class = item.object.sop_instance_uid, item.object.sop_class_uid
            result = SendResult(status=status, detail="x", sop_class_uid=sop_class, sop_instance_uid=uid)
            deliveries.record(s, item.delivery_id, owner="s:1", result=result, retry_at=far)
        waiting = sum(item.next_attempt_at == far for item in deliveries.of_job(s, job_id))
        hastened = deliveries.hasten(s, "pacs")
        assert deliveries.hasten(s, "other") == 0
        left = [item.status for item in deliveries.of_job(s, job_id) if item.next_attempt_at == far]
    assert (waiting, hastened) == (len(batch.deliveries), len(batch.deliveries) - 1)
    assert left == [0xA700]


def test_where_a_delivery_goes(sessions: Sessions) -> None:
    _finish(sessions, "pacs")
    with transaction(sessions) as s:
        (first,) = deliveries.due(s)
        assert deliveries.destination_of(s, first) == "pacs"
        assert deliveries.destination_of(s, 999) is None


def test_giving_up_is_failed(sessions: Sessions) -> None:
    _finish(sessions, "pacs")
    item = _take(sessions).deliveries[0]
    with transaction(sessions) as s:
        result = factories.answer(item.object, None, "72 hours without an answer")
        given_up = deliveries.record(s, item.delivery_id, owner="s:1", result=result, retry_at=None)
        assert given_up is DeliveryState.FAILED


def test_a_sender_that_lost_its_lease_records_nothing(sessions: Sessions) -> None:
    job_id = _finish(sessions, "pacs")
    slow = _take(sessions, "s:1", lease=-1)
    with transaction(sessions) as s:
        assert deliveries.expire_leases(s) == 2
        assert deliveries.expire_leases(s) == 0
    fast = _take(sessions, "s:2")
    ids = [item.delivery_id for item in slow.deliveries]
    with transaction(sessions) as s:
        assert not deliveries.renew(s, ids, owner="s:1", lease_seconds=60)
        assert deliveries.renew(s, ids, owner="s:2", lease_seconds=60)
        with pytest.raises(LeaseLost, match="s:1 no longer holds"):
            deliveries.record(s, ids[0], owner="s:1", result=factories.answer(slow.deliveries[0].object), retry_at=None)
    assert {state for _, state in _states(sessions, job_id)} == {DeliveryState.SENDING}
    with transaction(sessions) as s:
        for item in fast.deliveries:
            deliveries.record(s, item.delivery_id, owner="s:2", result=factories.answer(item.object), retry_at=None)
    assert {state for _, state in _states(sessions, job_id)} == {DeliveryState.SENT}


def test_a_restarted_sender_takes_back_its_own_leases(sessions: Sessions) -> None:
    _finish(sessions, "pacs")
    _take(sessions, "hostA:1")
    with transaction(sessions) as s:
        assert deliveries.release_owner(s, "hostB:") == 0
        assert deliveries.release_owner(s, "hostA:") == 2
        with pytest.raises(ValueError, match="owner_prefix"):
            deliveries.release_owner(s, "")


def test_held_objects_wait_for_an_operator(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        claim = factories.claimed(s)
        planned = factories.to("pacs", held=True) + factories.to("research", held=True)
        jobs.finish(s, claim, factories.make_findings(), factories.make_report(), planned)
        assert deliveries.due(s) == []
        assert deliveries.release_held(s, "pacs", "admin") == 2
        assert deliveries.release_held(s, "pacs", "admin") == 0
        (first,) = deliveries.due(s)
        assert s.get_one(DeliveryRow, first).destination == "pacs"
        assert [entry.detail for entry in audit.newest(s)] == ["0 held", "2 held"]


def test_of_many_held_objects_the_oldest_go_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        planned = factories.to("pacs", held=True)
        jobs.finish(s, factories.claimed(s), factories.make_findings(), factories.make_report(), planned)
        assert deliveries.release_held(s, "pacs", "admin", limit=1) == 1
        (first,) = deliveries.due(s)
        assert deliveries.of_job(s, 1)[0].delivery_id == first
        assert deliveries.release_held(s, "pacs", "admin", limit=5) == 1


def test_an_operator_sends_again_what_failed(sessions: Sessions) -> None:
    job_id = _finish(sessions, "pacs")
    item = _take(sessions).deliveries[0]
    with transaction(sessions) as s:
        assert not deliveries.retry(s, item.delivery_id, "admin")  # it is being sent
        result = factories.answer(item.object, 0xC000, "cannot understand")
        deliveries.record(s, item.delivery_id, owner="s:1", result=result, retry_at=None)
        assert deliveries.retry(s, item.delivery_id, "admin")
        assert deliveries.due(s) == [item.delivery_id]
        assert not deliveries.retry(s, 999999, "admin")
        assert [(entry.actor, entry.action) for entry in audit.newest(s)] == [("admin", "retry")]
    assert _states(sessions, job_id)[0] == ("card", DeliveryState.PENDING)
