"""Rows of deliveries: locked, moved from state to state, read as values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db import events, reports
from db.tables import DeliveryRow, JobRow
from screening.reports import DeliveryState, ReportObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One object on its way to one destination, with its bytes."""

    delivery_id: int
    job_id: int
    study_instance_uid: str  #: under which the object is stored
    destination: str
    object: ReportObject = field(repr=False)
    attempt: int  #: how often it was taken to be sent


def locked(
    s: Session, *which: ColumnElement[bool], skip_locked: bool = False, limit: int | None = None
) -> Sequence[DeliveryRow]:
    """The rows, at most so many, locked until the transaction ends, in the order in which objects are sent."""
    query = select(DeliveryRow).where(*which).order_by(DeliveryRow.report_object_id, DeliveryRow.id).limit(limit)
    query = query.with_for_update(skip_locked=skip_locked)
    return s.scalars(query.execution_options(populate_existing=True)).all()


def move(
    s: Session, row: DeliveryRow, to: DeliveryState, *, owner: str | None = None, detail: str | None = None
) -> None:
    """Change the state of a locked row, drop its lease and its waiting times, and write the arrow."""
    events.record(s, row.job_id, row.state, to, attempt=row.attempt, owner=owner, detail=detail, delivery_id=row.id)
    row.state = to.value
    row.lease_owner = row.lease_until = row.next_attempt_at = row.enqueued_at = None
    s.flush()


def to_deliveries(s: Session, rows: Sequence[DeliveryRow]) -> tuple[Delivery, ...]:
    """The rows as values, in their order."""
    objects = reports.objects(s, {row.report_object_id for row in rows})
    query = select(JobRow.id, JobRow.study_instance_uid).where(JobRow.id.in_({row.job_id for row in rows}))
    studies = {job.id: job.study_instance_uid for job in s.execute(query)}
    return tuple(
        Delivery(
            delivery_id=row.id,
            job_id=row.job_id,
            study_instance_uid=studies[row.job_id],
            destination=row.destination,
            object=objects[row.report_object_id],
            attempt=row.attempt,
        )
        for row in rows
    )
