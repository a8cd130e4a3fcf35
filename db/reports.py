"""Report objects: the encoded bytes, frozen before they are first sent."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.tables import ReportObjectRow
from screening.errors import Permanent
from screening.reports import ObjectKind, Report, ReportObject


def record(s: Session, job_id: int, report: Report) -> dict[str, int]:
    """Keep the objects of a job in the order in which they are sent; part of `db.jobs.finish`. Role to id."""
    ids = {}
    for item in report.objects:
        row = ReportObjectRow(
            job_id=job_id,
            kind=item.kind.value,
            role=item.role,
            sop_class_uid=item.sop_class_uid,
            sop_instance_uid=item.sop_instance_uid,
            series_instance_uid=item.series_instance_uid,
            encoded=item.encoded,
            sha256=hashlib.sha256(item.encoded).hexdigest(),
        )
        s.add(row)
        s.flush()
        ids[item.role] = row.id
    return ids


def objects_of(s: Session, job_id: int) -> tuple[ReportObject, ...]:
    """The objects of a job, in the order in which they are sent."""
    query = select(ReportObjectRow).where(ReportObjectRow.job_id == job_id).order_by(ReportObjectRow.id)
    return tuple(to_object(row) for row in s.scalars(query))


def get(s: Session, object_id: int) -> ReportObject:
    """An object. Raises KeyError when there is none."""
    row = s.get(ReportObjectRow, object_id)
    if row is None:
        raise KeyError(f"no report object {object_id}")
    return to_object(row)


def to_object(row: ReportObjectRow) -> ReportObject:
    """The row as a value.

    Raises
    ------
    Permanent
        If the bytes are not those that were kept: they must not be sent.
    """
    if hashlib.sha256(row.encoded).hexdigest() != row.sha256:
        raise Permanent(f"the stored bytes of report object {row.sop_instance_uid} have changed")
    return ReportObject(
        kind=ObjectKind(row.kind),
        role=row.role,
        sop_class_uid=row.sop_class_uid,
        sop_instance_uid=row.sop_instance_uid,
        series_instance_uid=row.series_instance_uid,
        encoded=row.encoded,
    )
