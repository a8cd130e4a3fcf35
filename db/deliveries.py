"""Deliveries: the outbox. One row for each object and destination, from pending to committed.

pending -> sending -> sent -> commit_requested -> committed; sending -> pending to try again, or failed for good;
what was not found at the destination goes back to pending: the same bytes are sent again. held -> pending by an
operator. Storage commitment is in `db.commitments`, what operators are told in `db.delivery_status`, offered here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from db import amounts, audit, conditions, events, pauses
from db.amounts import Duration
from db.commitments import (
    Sent,
    commitment_overdue,
    commitment_reported,
    commitment_requested,
    commitment_withdrawn,
    to_commit,
    verified,
)
from db.delivery_rows import Delivery, locked, move, to_deliveries
from db.delivery_status import DeliveryStatus, in_state, of_job
from db.engine import database_now, lease_now
from db.pauses import Part
from db.tables import DeliveryRow, JobRow
from screening.errors import LeaseLost
from screening.reports import DeliveryState, SendResult

__all__ = [
    "Batch",
    "Delivery",
    "DeliveryStatus",
    "PlannedDelivery",
    "Sent",
    "claim_batch",
    "commitment_overdue",
    "commitment_reported",
    "commitment_requested",
    "commitment_withdrawn",
    "destination_of",
    "due",
    "expire_leases",
    "hasten",
    "in_state",
    "lease_owners",
    "of_job",
    "plan",
    "record",
    "release_held",
    "release_owner",
    "renew",
    "retry",
    "to_commit",
    "verified",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDelivery:
    """Where one object of a report shall go. held: the destination does not accept this evidence level."""

    role: str
    destination: str
    held: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What one sender takes to one destination in one association."""

    destination: str
    deliveries: tuple[Delivery, ...]


def plan(s: Session, job_id: int, object_ids: dict[str, int], destinations: Sequence[PlannedDelivery]) -> None:
    """Open the deliveries of a job; part of `db.jobs.finish`. object_ids: role to id of the report object."""
    unknown = sorted({planned.role for planned in destinations} - set(object_ids))
    if unknown:
        raise ValueError(f"a planned delivery must name a role of the report, got {', '.join(unknown)}")
    now = database_now(s)
    for planned in destinations:
        state = DeliveryState.HELD if planned.held else DeliveryState.PENDING
        row = DeliveryRow(
            job_id=job_id,
            report_object_id=object_ids[planned.role],
            destination=planned.destination,
            state=state.value,
            attempt=0,
            created_at=now,
        )
        s.add(row)
        s.flush()
        events.record(s, job_id, None, state, attempt=0, delivery_id=row.id, detail=planned.destination)


def due(s: Session, *, again_after_seconds: float = 60) -> list[int]:
    """One delivery id for each job and destination with something to send, not enqueued in the last seconds.

    Leaves out destinations that are left alone now (`db.conditions`).

    Marks what it returns, and its siblings, as enqueued: two reconcilers do not both get a batch.
    """
    now = database_now(s)
    lately = now - timedelta(seconds=again_after_seconds)
    marked = s.execute(
        update(DeliveryRow)
        .where(
            _sendable(now),
            or_(DeliveryRow.enqueued_at.is_(None), DeliveryRow.enqueued_at <= lately),
            DeliveryRow.destination.not_in(conditions.closed_destinations(s)),
        )
        .values(enqueued_at=now)
        .returning(DeliveryRow.id, DeliveryRow.job_id, DeliveryRow.destination)
    )
    first: dict[tuple[int, str], int] = {}
    for delivery_id, job_id, destination in sorted(marked):
        first.setdefault((job_id, destination), delivery_id)
    return sorted(first.values())


def _sendable(now: datetime) -> ColumnElement[bool]:
    """To be sent now; nothing is while delivery is paused."""
    return and_(
        DeliveryRow.state == DeliveryState.PENDING,
        pauses.running(Part.DELIVERY),
        or_(DeliveryRow.next_attempt_at.is_(None), DeliveryRow.next_attempt_at <= now),
    )


def destination_of(s: Session, delivery_id: int) -> str | None:
    """Where a delivery goes, None when there is no such delivery."""
    return s.scalar(select(DeliveryRow.destination).where(DeliveryRow.id == delivery_id))


def hasten(s: Session, destination: str) -> int:
    """Send now what waits only because its destination did not answer. Returns how many."""
    rows = locked(
        s, DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.destination == destination,
        DeliveryRow.status.is_(None), DeliveryRow.next_attempt_at.is_not(None),
    )  # fmt: skip
    for row in rows:
        row.next_attempt_at = None
    s.flush()
    return len(rows)


def claim_batch(s: Session, delivery_id: int, *, owner: str, lease_seconds: float) -> Batch | None:
    """Take a delivery and every other one of its job and destination that is to be sent now. None: nothing is.

    owner must differ between takes: it fences what `record` writes.
    """
    row = s.get(DeliveryRow, delivery_id, populate_existing=True)
    if row is None:
        return None
    now = database_now(s)
    siblings = and_(DeliveryRow.job_id == row.job_id, DeliveryRow.destination == row.destination)
    rows = locked(s, siblings, _sendable(now))  # in one order: of two senders one waits, and finds nothing
    if delivery_id not in {row.id for row in rows}:
        return None
    for taken in rows:
        taken.attempt += 1
        move(s, taken, DeliveryState.SENDING, owner=owner)
        taken.lease_owner, taken.lease_until = owner, lease_now(s) + timedelta(seconds=lease_seconds)
    s.flush()
    return Batch(destination=row.destination, deliveries=to_deliveries(s, rows))


def renew(s: Session, delivery_ids: Sequence[int], *, owner: str, lease_seconds: float) -> bool:
    """Whether the owner still holds all of these; then their lease lasts lease_seconds from now."""
    until = lease_now(s) + timedelta(seconds=lease_seconds)
    renewed = s.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(delivery_ids), *_fence(owner))
        .values(lease_until=until)
        .returning(DeliveryRow.id)
    )
    return set(renewed.scalars()) == set(delivery_ids)


def _fence(owner: str) -> tuple[ColumnElement[bool], ...]:
    return DeliveryRow.state == DeliveryState.SENDING, DeliveryRow.lease_owner == owner


def record(s: Session, delivery_id: int, *, owner: str, result: SendResult, retry_at: datetime | None) -> DeliveryState:
    """Keep what the destination answered to one object. Returns the new state.

    sent when it was delivered; failed when it is refused for good or retry_at is None; else pending until retry_at.

    Raises
    ------
    LeaseLost
        If the owner does not hold this delivery any more; nothing is written.
    """
    rows = locked(s, DeliveryRow.id == delivery_id, *_fence(owner))
    if not rows:
        raise LeaseLost(f"{owner} no longer holds delivery {delivery_id}")
    row = rows[0]
    row.status, row.detail = result.status, result.detail
    if result.delivered:
        row.sent_sop_class_uid, row.sent_sop_instance_uid = result.sop_class_uid, result.sop_instance_uid
        now = database_now(s)
        if row.sent_at is None:  # not one that is sent again
            opened = s.scalars(select(JobRow.created_at).where(JobRow.id == row.job_id)).one()
            amounts.took(s, Duration.DELIVERY, row.destination, (now - opened).total_seconds())
        row.sent_at = now
        state = DeliveryState.SENT
    elif result.permanent or retry_at is None:
        state = DeliveryState.FAILED
    else:
        state = DeliveryState.PENDING
    move(s, row, state, owner=owner, detail=result.detail)
    if state is DeliveryState.PENDING:
        row.next_attempt_at = retry_at
        s.flush()
    return state


def expire_leases(s: Session) -> int:
    """Take back what a sender holds beyond its lease; it is sent again, the same bytes."""
    return _take_back(s, DeliveryRow.lease_until < lease_now(s), "the lease ended")


def lease_owners(s: Session) -> set[str]:
    """Who holds leases now."""
    held = DeliveryRow.state == DeliveryState.SENDING, DeliveryRow.lease_owner.is_not(None)
    return {owner for owner in s.scalars(select(DeliveryRow.lease_owner).where(*held).distinct()) if owner}


def release_owner(s: Session, owner_prefix: str) -> int:
    """Take back what a sender holds that is known to be dead; whoever starts in its place calls this."""
    if not owner_prefix:
        raise ValueError("owner_prefix must not be empty: it would take every lease")
    owned = DeliveryRow.lease_owner.startswith(owner_prefix, autoescape=True)
    return _take_back(s, owned, "its owner was restarted")


def _take_back(s: Session, which: ColumnElement[bool], detail: str) -> int:
    rows = locked(s, DeliveryRow.state == DeliveryState.SENDING, which, skip_locked=True)
    for row in rows:
        move(s, row, DeliveryState.PENDING, owner=row.lease_owner, detail=detail)
    return len(rows)


def release_held(s: Session, destination: str, who: str, limit: int | None = None) -> int:
    """An operator lets the shadow results of a destination go, at most so many objects, the oldest first."""
    rows = locked(s, DeliveryRow.state == DeliveryState.HELD, DeliveryRow.destination == destination, limit=limit)
    for row in rows:
        move(s, row, DeliveryState.PENDING, owner=who, detail="released by an operator")
    audit.record(s, actor=who, action="release", subject=f"destination {destination}", detail=f"{len(rows)} held")
    return len(rows)


def retry(s: Session, delivery_id: int, who: str) -> bool:
    """An operator asks to send again, now. False for a delivery that is neither failed nor waiting."""
    rows = locked(
        s, DeliveryRow.id == delivery_id, DeliveryRow.state.in_([DeliveryState.FAILED, DeliveryState.PENDING])
    )
    for row in rows:
        move(s, row, DeliveryState.PENDING, owner=who, detail="retried by an operator")
        audit.record(s, actor=who, action="retry", subject=f"delivery {delivery_id}", detail=row.destination)
    return bool(rows)
