"""Rows of deliveries."""

from db import events
from db.delivery_rows import locked, move, to_deliveries
from db.engine import Sessions, database_now, transaction
from db.tables import DeliveryRow
from screening.reports import DeliveryState
from tests.db import factories


def test_rows_come_in_the_order_in_which_objects_are_sent(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s, ("research", "pacs"))
        rows = locked(s, DeliveryRow.job_id == job_id, DeliveryRow.destination == "pacs")
        found = to_deliveries(s, rows)
    assert tuple(item.object for item in found) == factories.make_report().objects
    assert {(item.study_instance_uid, item.destination, item.attempt) for item in found} == {
        (factories.STUDY, "pacs", 0)
    }


def test_a_locked_row_is_passed_over_by_who_does_not_wait(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
    with transaction(sessions) as s:
        first = locked(s, DeliveryRow.job_id == job_id, DeliveryRow.state == DeliveryState.PENDING)[0]
        if s.get_bind().dialect.name == "postgresql":  # SQLite has one writer, and so nothing to pass over
            with transaction(sessions) as other:
                assert locked(other, DeliveryRow.id == first.id, skip_locked=True) == []
        assert first.state == DeliveryState.PENDING


def test_a_move_drops_lease_and_waiting_times_and_writes_its_arrow(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
        row = locked(s, DeliveryRow.job_id == job_id)[0]
        row.lease_owner, row.lease_until = "s:1", database_now(s)
        row.next_attempt_at = row.enqueued_at = database_now(s)
        move(s, row, DeliveryState.FAILED, owner="s:1", detail="refused")
    with transaction(sessions) as s:
        row = locked(s, DeliveryRow.job_id == job_id)[0]
        assert row.state == "failed"
        assert (row.lease_owner, row.lease_until, row.next_attempt_at, row.enqueued_at) == (None,) * 4
        arrow = events.of_job(s, job_id)[-1]
        assert (arrow.delivery_id, arrow.from_state, arrow.to_state) == (row.id, "pending", "failed")
        assert (arrow.owner, arrow.detail) == ("s:1", "refused")


def test_nothing_is_nothing(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert to_deliveries(s, []) == ()
