"""Storage commitment: reported once, twice, in part, by strangers, never; and C-FIND in its place."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import deliveries
from db.deliveries import Sent
from db.engine import Sessions, database_now, transaction
from screening.reports import DeliveryState, ReportObject, SendResult
from tests.db import factories

_TRANSACTION = "2.25.99"
_CARD, _FALLBACK = "2.25.11", "2.25.1300"  # the measurements were sent as another SR class


def _send(s: Session) -> list[ReportObject]:
    """Send everything that is due, the measurements after an SR fallback; what was sent."""
    objects = []
    for first in deliveries.due(s, again_after_seconds=0):
        batch = deliveries.claim_batch(s, first, owner="s:1", lease_seconds=60)
        assert batch is not None
        for item in batch.deliveries:
            uid = _CARD if item.object.role == "card" else _FALLBACK
            result = SendResult(status=0, detail="", sop_class_uid=item.object.sop_class_uid, sop_instance_uid=uid)
            deliveries.record(s, item.delivery_id, owner="s:1", result=result, retry_at=None)
            objects.append(item.object)
    return objects


@pytest.fixture
def sent(sessions: Sessions) -> list[Sent]:
    """A card and measurements, sent."""
    with transaction(sessions) as s:
        factories.finished(s)
        _send(s)
        return deliveries.to_commit(s, "pacs")


def _request(sessions: Sessions, sent: list[Sent], transaction_uid: str = _TRANSACTION) -> None:
    with transaction(sessions) as s:
        assert deliveries.commitment_requested(s, transaction_uid, [item.delivery_id for item in sent]) == len(sent)


def _report(
    sessions: Sessions, stored: list[str], failed: list[tuple[str, str]], transaction_uid: str = _TRANSACTION
) -> bool:
    with transaction(sessions) as s:
        return deliveries.commitment_reported(s, transaction_uid, stored, failed)


def _states(sessions: Sessions, sent: list[Sent]) -> list[DeliveryState]:
    """Of the card, then of the measurements."""
    with transaction(sessions) as s:
        return [row.state for row in deliveries.of_job(s, sent[0].job_id)]


def test_what_was_sent_is_to_be_committed_under_the_uid_it_was_sent_with(sessions: Sessions, sent: list[Sent]) -> None:
    assert [item.sop_instance_uid for item in sent] == [_CARD, _FALLBACK]
    _request(sessions, sent)
    with transaction(sessions) as s:
        assert deliveries.to_commit(s, "pacs") == []
        assert deliveries.to_commit(s, "research") == []
    assert _states(sessions, sent) == [DeliveryState.COMMIT_REQUESTED] * 2


def test_so_many_are_asked_for_at_a_time_the_oldest_first(
    sessions: Sessions, sent: list[Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.commitments.AT_ONCE", 1)
    with transaction(sessions) as s:
        assert deliveries.to_commit(s, "pacs") == sent[:1]
        assert deliveries.to_commit(s, "pacs", {sent[1].delivery_id}) == sent[1:]
        assert deliveries.to_commit(s, "pacs", {0}) == []


def test_a_report_commits_and_again_changes_nothing(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    assert _report(sessions, [_CARD, _FALLBACK], [])
    assert _states(sessions, sent) == [DeliveryState.COMMITTED] * 2
    with transaction(sessions) as s:
        before = deliveries.of_job(s, sent[0].job_id)
    assert _report(sessions, [_CARD, _FALLBACK], [])
    assert _report(sessions, [], [(_CARD, "0x0112")])  # a contradiction that comes too late
    with transaction(sessions) as s:
        assert deliveries.of_job(s, sent[0].job_id) == before


def test_an_unknown_transaction_is_refused(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    assert not _report(sessions, [_CARD, _FALLBACK], [], "2.25.98")
    with transaction(sessions) as s:
        reported = deliveries.commitment_reported(s, _TRANSACTION, [_CARD], [], destination="stranger")
        assert reported is False
    assert _states(sessions, sent) == [DeliveryState.COMMIT_REQUESTED] * 2


def test_a_report_in_part_leaves_the_rest_asked_for(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    assert _report(sessions, [_CARD], [])
    assert _states(sessions, sent) == [DeliveryState.COMMITTED, DeliveryState.COMMIT_REQUESTED]
    assert _report(sessions, [_FALLBACK], [])
    assert _states(sessions, sent) == [DeliveryState.COMMITTED] * 2


def test_what_failed_is_sent_again_with_the_same_bytes(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    assert _report(sessions, [_CARD], [(_FALLBACK, "0x0112")])
    assert _states(sessions, sent) == [DeliveryState.COMMITTED, DeliveryState.PENDING]
    with transaction(sessions) as s:
        assert _send(s) == [factories.make_report().objects[1]]
        (again,) = deliveries.to_commit(s, "pacs")
        assert again.attempt == 2
    _request(sessions, [again], "2.25.100")
    assert _report(sessions, [], [(_FALLBACK, "0x0112")])  # the old report comes once more: known, without effect
    assert _states(sessions, sent) == [DeliveryState.COMMITTED, DeliveryState.COMMIT_REQUESTED]
    assert _report(sessions, [_FALLBACK], [], "2.25.100")
    assert _states(sessions, sent) == [DeliveryState.COMMITTED] * 2


def test_what_failed_may_wait(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    with transaction(sessions) as s:
        later = database_now(s) + timedelta(seconds=60)
        deliveries.commitment_reported(s, _TRANSACTION, [_CARD, _FALLBACK], [(_FALLBACK, "0x0112")], retry_at=later)
        assert deliveries.due(s, again_after_seconds=0) == []
        row = deliveries.of_job(s, sent[0].job_id)[1]
        assert (row.state, row.next_attempt_at) == (DeliveryState.PENDING, later)  # on both lists: not safe
        assert row.detail == "commitment failed: 0x0112"


def test_a_request_that_was_not_accepted_is_asked_again(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    with transaction(sessions) as s:
        assert deliveries.commitment_withdrawn(s, _TRANSACTION, "association rejected") == 2
        assert [item.delivery_id for item in deliveries.to_commit(s, "pacs")] == [item.delivery_id for item in sent]
    _request(sessions, sent, "2.25.100")
    with transaction(sessions) as s:
        deliveries.commitment_withdrawn(s, "2.25.100", "association rejected")
    with pytest.raises(IntegrityError), transaction(sessions) as s:  # a transaction UID is used once
        deliveries.commitment_requested(s, _TRANSACTION, [sent[0].delivery_id])


def test_a_request_is_for_one_destination_and_for_what_was_sent(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s, ("pacs", "research"))
        ids = [row.delivery_id for row in deliveries.of_job(s, job_id)]
        assert deliveries.commitment_requested(s, _TRANSACTION, ids) == 0
        assert not deliveries.commitment_reported(s, _TRANSACTION, [], [])
        _send(s)
        with pytest.raises(ValueError, match="pacs, research"):
            deliveries.commitment_requested(s, _TRANSACTION, ids)


def test_what_is_not_reported_in_time_is_overdue(sessions: Sessions, sent: list[Sent]) -> None:
    _request(sessions, sent)
    with transaction(sessions) as s:
        now = database_now(s)
        assert deliveries.commitment_overdue(s, "pacs", now - timedelta(seconds=60)) == []
        assert deliveries.commitment_overdue(s, "research", now + timedelta(seconds=1)) == []
        overdue = deliveries.commitment_overdue(s, "pacs", now + timedelta(seconds=1))
        assert [item.delivery_id for item in overdue] == [item.delivery_id for item in sent]
        assert deliveries.verified(s, sent[0].delivery_id, True, "found by C-FIND") is DeliveryState.COMMITTED
        assert deliveries.verified(s, sent[1].delivery_id, False, "not found") is DeliveryState.PENDING
        assert deliveries.verified(s, sent[1].delivery_id, True, "too late") is None
    assert _report(sessions, [_CARD, _FALLBACK], [])  # late
    assert _states(sessions, sent) == [DeliveryState.COMMITTED, DeliveryState.PENDING]


def test_c_find_alone_commits_what_was_sent(sessions: Sessions, sent: list[Sent]) -> None:
    with transaction(sessions) as s:
        later = database_now(s) + timedelta(seconds=60)
        assert deliveries.verified(s, sent[0].delivery_id, True, "found") is DeliveryState.COMMITTED
        deliveries.verified(s, sent[1].delivery_id, False, "not found", retry_at=later)
        first, second = deliveries.of_job(s, sent[0].job_id)
        assert first.committed_at is not None
        assert (second.detail, second.next_attempt_at) == ("not found", later)
