"""Report objects: the encoded bytes, frozen before they are first sent."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session, defer

from db.binary_copy import copy_in, copy_out
from db.tables import ReportObjectRow
from screening.errors import Permanent
from screening.reports import ObjectKind, Report, ReportObject


def record(s: Session, job_id: int, report: Report) -> dict[str, int]:
    """Keep the objects of a job in the order in which they are sent; part of `db.jobs.finish`. Role to id."""
    rows = [_values(job_id, item) for item in report.objects]
    if _on_postgresql(s) and rows:
        query = select(func.nextval(func.pg_get_serial_sequence(ReportObjectRow.__tablename__, "id")))
        ids = sorted(s.scalars(query.select_from(func.generate_series(1, literal(len(rows))))))
        copy_in(s, ReportObjectRow.__tablename__, [{"id": key, **row} for key, row in zip(ids, rows, strict=True)])
        return {row["role"]: key for key, row in zip(ids, rows, strict=True)}
    added = [ReportObjectRow(**row) for row in rows]
    for row in added:
        s.add(row)
        s.flush()
    return {row.role: row.id for row in added}


def _values(job_id: int, item: ReportObject) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "kind": item.kind.value,
        "role": item.role,
        "sop_class_uid": item.sop_class_uid,
        "sop_instance_uid": item.sop_instance_uid,
        "series_instance_uid": item.series_instance_uid,
        "encoded": item.encoded,
        "sha256": hashlib.sha256(item.encoded).hexdigest(),
    }


def objects_of(s: Session, job_id: int) -> tuple[ReportObject, ...]:
    """The objects of a job, in the order in which they are sent."""
    query = select(ReportObjectRow.id).where(ReportObjectRow.job_id == job_id).order_by(ReportObjectRow.id)
    ids = s.scalars(query).all()
    found = objects(s, ids)
    return tuple(found[key] for key in ids)


def get(s: Session, object_id: int) -> ReportObject:
    """An object. Raises KeyError when there is none."""
    found = objects(s, [object_id])
    if not found:
        raise KeyError(f"no report object {object_id}")
    return found[object_id]


def objects(s: Session, ids: Iterable[int]) -> dict[int, ReportObject]:
    """The objects with these ids that there are.

    Raises
    ------
    Permanent
        If the bytes are not those that were kept: they must not be sent.
    """
    query = select(ReportObjectRow).where(ReportObjectRow.id.in_(set(ids)))
    if not _on_postgresql(s):
        return {row.id: _to_object(row, row.encoded) for row in s.scalars(query)}
    rows: Sequence[ReportObjectRow] = s.scalars(query.options(defer(ReportObjectRow.encoded))).all()
    encoded = copy_out(s, ReportObjectRow.__tablename__, "encoded", [row.id for row in rows]) if rows else {}
    return {row.id: _to_object(row, encoded[row.id]) for row in rows}


def _on_postgresql(s: Session) -> bool:
    return s.get_bind().dialect.name == "postgresql"


def _to_object(row: ReportObjectRow, encoded: bytes) -> ReportObject:
    if hashlib.sha256(encoded).hexdigest() != row.sha256:
        raise Permanent(f"the stored bytes of report object {row.sop_instance_uid} have changed")
    return ReportObject(
        kind=ObjectKind(row.kind),
        role=row.role,
        sop_class_uid=row.sop_class_uid,
        sop_instance_uid=row.sop_instance_uid,
        series_instance_uid=row.series_instance_uid,
        encoded=encoded,
    )
