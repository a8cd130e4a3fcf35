"""How far deliveries are, without their bytes: for operators."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.tables import DeliveryRow, JobRow, ReportObjectRow
from screening.reports import DeliveryState, ObjectKind


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryStatus:
    """How far one delivery is."""

    delivery_id: int
    study_instance_uid: str
    destination: str
    kind: ObjectKind
    role: str
    sop_instance_uid: str  #: as sent, or as it will be
    state: DeliveryState
    attempt: int
    status: int | None  #: of the last C-STORE
    detail: str | None
    next_attempt_at: datetime | None
    sent_at: datetime | None
    committed_at: datetime | None


def of_job(s: Session, job_id: int) -> list[DeliveryStatus]:
    """The deliveries of a job, by destination, in the order in which objects are sent."""
    return list(_found(s, DeliveryRow.job_id == job_id))


def in_state(
    s: Session, state: DeliveryState, destination: str | None = None, limit: int | None = None
) -> list[DeliveryStatus]:
    """The deliveries in a state, of one destination or of all, in the same order; at most so many."""
    which = [DeliveryRow.state == state]
    if destination is not None:
        which.append(DeliveryRow.destination == destination)
    return list(_found(s, *which, limit=limit))


def _found(s: Session, *which: ColumnElement[bool], limit: int | None = None) -> Iterator[DeliveryStatus]:
    query = (
        select(
            DeliveryRow, ReportObjectRow.kind, ReportObjectRow.role, ReportObjectRow.sop_instance_uid,
            JobRow.study_instance_uid,
        )
        .join(ReportObjectRow, ReportObjectRow.id == DeliveryRow.report_object_id)
        .join(JobRow, JobRow.id == DeliveryRow.job_id)
        .where(*which)
        .order_by(DeliveryRow.destination, DeliveryRow.report_object_id)
        .limit(limit)
    )  # fmt: skip
    for row, kind, role, planned_uid, study_instance_uid in s.execute(query):
        yield DeliveryStatus(
            delivery_id=row.id,
            study_instance_uid=study_instance_uid,
            destination=row.destination,
            kind=ObjectKind(kind),
            role=role,
            sop_instance_uid=row.sent_sop_instance_uid or planned_uid,
            state=DeliveryState(row.state),
            attempt=row.attempt,
            status=row.status,
            detail=row.detail,
            next_attempt_at=row.next_attempt_at,
            sent_at=row.sent_at,
            committed_at=row.committed_at,
        )
