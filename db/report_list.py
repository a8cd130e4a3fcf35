"""Report objects as a list for people: without their bytes."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables import JobRow, ReportObjectRow
from screening.reports import ObjectKind


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectLine:
    """One object of a job."""

    object_id: int
    kind: ObjectKind
    role: str
    sop_class_uid: str
    sop_instance_uid: str
    size: int  #: bytes


def objects_of(s: Session, job_id: int) -> list[ObjectLine]:
    """The objects of a job, in the order in which they are sent."""
    columns = (
        ReportObjectRow.id, ReportObjectRow.kind, ReportObjectRow.role, ReportObjectRow.sop_class_uid,
        ReportObjectRow.sop_instance_uid,
    )  # fmt: skip
    rows = s.execute(
        select(*columns, func.length(ReportObjectRow.encoded).label("size"))
        .where(ReportObjectRow.job_id == job_id)
        .order_by(ReportObjectRow.id)
    )
    return [
        ObjectLine(
            object_id=row.id, kind=ObjectKind(row.kind), role=row.role, sop_class_uid=row.sop_class_uid,
            sop_instance_uid=row.sop_instance_uid, size=row.size,
        )
        for row in rows
    ]  # fmt: skip


def study_of(s: Session, object_id: int) -> str:
    """Study Instance UID of the job that made an object. Raises KeyError when there is no such object."""
    found = s.scalar(
        select(JobRow.study_instance_uid)
        .join(ReportObjectRow, ReportObjectRow.job_id == JobRow.id)
        .where(ReportObjectRow.id == object_id)
    )
    if found is None:
        raise KeyError(f"no report object {object_id}")
    return found
