"""Whether what was sent is stored: storage commitment (PS3.4 Annex J), or C-FIND where there is none.

The verbs are offered by `db.deliveries`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from db.delivery_rows import locked, move
from db.engine import database_now
from db.tables import CommitmentRow, DeliveryRow, JobRow, ReportObjectRow
from screening.reports import DeliveryState

AT_ONCE = 200
"""What is asked for at most at a time: who asks waits for the answers, and the rest is asked for later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """An object that a destination took, by the UIDs under which it was sent."""

    delivery_id: int
    job_id: int
    destination: str
    attempt: int  #: how often it was taken to be sent
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str


def to_commit(s: Session, destination: str, only: Collection[int] | None = None) -> list[Sent]:
    """What was sent to a destination and not yet asked for, the oldest first; only: of these deliveries."""
    which = [DeliveryRow.state == DeliveryState.SENT, DeliveryRow.destination == destination]
    if only is not None:
        which.append(DeliveryRow.id.in_(only))
    return _of(s, *which)


def commitment_requested(s: Session, transaction_uid: str, delivery_ids: Sequence[int]) -> int:
    """Before the N-ACTION goes out (its report may be faster than its answer). Returns how many it asks for.

    Raises
    ------
    ValueError
        If the deliveries do not go to one destination.
    """
    rows = locked(s, DeliveryRow.id.in_(delivery_ids), DeliveryRow.state == DeliveryState.SENT)
    destinations = {row.destination for row in rows}
    if len(destinations) > 1:
        raise ValueError(f"a commitment must be asked of one destination, got {', '.join(sorted(destinations))}")
    if not rows:
        return 0
    now = database_now(s)
    s.execute(
        insert(CommitmentRow).values(transaction_uid=transaction_uid, destination=destinations.pop(), requested_at=now)
    )
    for row in rows:
        row.transaction_uid, row.commit_requested_at = transaction_uid, now
        move(s, row, DeliveryState.COMMIT_REQUESTED, detail=transaction_uid)
    return len(rows)


def commitment_withdrawn(s: Session, transaction_uid: str, detail: str) -> int:
    """The N-ACTION was not accepted: what it asked for is sent, and not yet asked for, again."""
    rows = _awaited(s, transaction_uid)
    for row in rows:
        move(s, row, DeliveryState.SENT, detail=detail)
    return len(rows)


def commitment_reported(
    s: Session,
    transaction_uid: str,
    stored: Sequence[str],
    failed: Sequence[tuple[str, str]],
    *,
    destination: str | None = None,
    retry_at: datetime | None = None,
) -> bool:
    """Take an N-EVENT-REPORT: what is stored is committed, what failed is sent again, at retry_at or at once.

    stored: SOP Instance UIDs; failed: (SOP Instance UID, reason). What the report leaves out stays asked for; a
    report that comes again changes nothing. False when this transaction was never asked for (or not of this
    destination): to be audited.
    """
    query = select(CommitmentRow).where(CommitmentRow.transaction_uid == transaction_uid).with_for_update()
    commitment = s.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if commitment is None or destination not in (None, commitment.destination):
        return False
    now = database_now(s)
    commitment.reported_at = commitment.reported_at or now
    good, bad = set(stored), dict(failed)
    for row in _awaited(s, transaction_uid):
        uid = row.sent_sop_instance_uid or ""
        if uid in bad:  # named on both lists: not safe
            _again(s, row, f"commitment failed: {bad[uid]}", retry_at)
        elif uid in good:
            _committed(s, row, now, "storage commitment")
    s.flush()
    return True


def commitment_overdue(s: Session, destination: str, older_than: datetime) -> list[Sent]:
    """What a destination was asked for before that moment and has not reported since."""
    return _of(
        s, DeliveryRow.state == DeliveryState.COMMIT_REQUESTED, DeliveryRow.destination == destination,
        DeliveryRow.commit_requested_at < older_than,
    )  # fmt: skip


def verified(
    s: Session, delivery_id: int, found: bool, detail: str, *, retry_at: datetime | None = None
) -> DeliveryState | None:
    """Take a C-FIND's answer: found is committed, else it is sent again, at retry_at or at once.

    None when the delivery is neither sent nor asked for any more.
    """
    asked = DeliveryRow.state.in_([DeliveryState.SENT, DeliveryState.COMMIT_REQUESTED])
    rows = locked(s, DeliveryRow.id == delivery_id, asked)
    if not rows:
        return None
    if found:
        _committed(s, rows[0], database_now(s), detail)
    else:
        _again(s, rows[0], detail, retry_at)
    return DeliveryState(rows[0].state)


def _awaited(s: Session, transaction_uid: str) -> Sequence[DeliveryRow]:
    return locked(
        s, DeliveryRow.transaction_uid == transaction_uid, DeliveryRow.state == DeliveryState.COMMIT_REQUESTED
    )


def _committed(s: Session, row: DeliveryRow, now: datetime, detail: str) -> None:
    row.committed_at = now
    move(s, row, DeliveryState.COMMITTED, detail=detail)


def _again(s: Session, row: DeliveryRow, detail: str, retry_at: datetime | None) -> None:
    row.detail = detail
    move(s, row, DeliveryState.PENDING, detail=detail)
    row.next_attempt_at = retry_at
    s.flush()


def _of(s: Session, *which: ColumnElement[bool]) -> list[Sent]:
    made = ReportObjectRow
    query = (
        select(
            DeliveryRow, JobRow.study_instance_uid, made.series_instance_uid, made.sop_class_uid, made.sop_instance_uid
        )
        .join(JobRow, JobRow.id == DeliveryRow.job_id)
        .join(made, made.id == DeliveryRow.report_object_id)
        .where(*which)
        .order_by(DeliveryRow.sent_at, DeliveryRow.id)
        .limit(AT_ONCE)
    )
    return [
        Sent(
            delivery_id=row.id,
            job_id=row.job_id,
            destination=row.destination,
            attempt=row.attempt,
            study_instance_uid=study_instance_uid,
            series_instance_uid=series_instance_uid,
            sop_class_uid=row.sent_sop_class_uid or sop_class_uid,
            sop_instance_uid=row.sent_sop_instance_uid or sop_instance_uid,
        )
        for row, study_instance_uid, series_instance_uid, sop_class_uid, sop_instance_uid in s.execute(query)
    ]
