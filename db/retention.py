"""Retention: which studies' received files have served, and that they are gone.

A study has served when nothing arrived for it since a moment, intake has looked at it, no job of it waits, is at work
or in quarantine, and every result object is where it was to go.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from db import audit
from db.engine import database_now
from db.instances import InstanceState
from db.tables import DeliveryRow, InstanceRow, JobRow, StudyRow
from screening.jobs import JobState
from screening.reports import DeliveryState

_OPEN = (JobState.READY, JobState.CLAIMED, JobState.RETRY_WAIT, JobState.QUARANTINED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """A study whose received files are not needed any more."""

    study_instance_uid: str
    files: int
    size: int  #: bytes


def served(s: Session, *, before: datetime, unconfirmed: Collection[str] = ()) -> list[Served]:
    """Studies that have served, the oldest first.

    Parameters
    ----------
    before
        Nothing arrived since.
    unconfirmed
        Destinations that are never asked whether they keep what they took: what was sent to them counts as there.
    """
    kept = InstanceRow.study_instance_uid == StudyRow.study_instance_uid, InstanceRow.state == InstanceState.INDEXED
    # study by study: those that keep files are few beside those that were purged, and instances are many
    files, size = (
        select(number).where(*kept).correlate(StudyRow).scalar_subquery()
        for number in (func.count(InstanceRow.id), func.sum(InstanceRow.size))
    )
    query = (
        select(StudyRow.study_instance_uid, files, size)
        .where(exists().where(*kept), *_has_served(before, unconfirmed))
        .order_by(StudyRow.last_received_at, StudyRow.id)
    )
    return [Served(study_instance_uid=uid, files=int(files), size=int(size)) for uid, files, size in s.execute(query)]


def purge(
    s: Session, study_instance_uid: str, who: str, *, before: datetime, unconfirmed: Collection[str] = ()
) -> list[str]:
    """Give up the files of a study, if it has served: their names in the spool, to be removed after the commit."""
    study = s.scalars(
        select(StudyRow)
        .where(StudyRow.study_instance_uid == study_instance_uid, *_has_served(before, unconfirmed))
        .with_for_update()
    ).one_or_none()
    if study is None:
        return []
    rows = s.scalars(
        select(InstanceRow)
        .where(InstanceRow.study_instance_uid == study_instance_uid, InstanceRow.state == InstanceState.INDEXED)
        .with_for_update()
    ).all()
    now = database_now(s)
    for row in rows:
        row.state, row.code, row.settled_at = InstanceState.PURGED.value, "retention", now
        row.reason = "its study has served; the file was removed"
    audit.record(s, actor=who, action="purge", subject=f"study {study_instance_uid}", detail=f"{len(rows)} files")
    s.flush()
    return sorted(row.spool_name for row in rows)


def _has_served(before: datetime, unconfirmed: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    of_study = JobRow.study_instance_uid == StudyRow.study_instance_uid
    arrived = or_(
        DeliveryRow.state == DeliveryState.COMMITTED,
        (DeliveryRow.state == DeliveryState.SENT) & DeliveryRow.destination.in_(unconfirmed),
    )
    return (
        StudyRow.last_received_at < before,
        ~StudyRow.intake_due,
        StudyRow.conflict.is_(None),
        ~exists().where(of_study, JobRow.state.in_(_OPEN)),
        ~exists().where(of_study, DeliveryRow.job_id == JobRow.id, ~arrived),
    )
