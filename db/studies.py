"""Studies: when they are quiet, what is in them, whether they contradict themselves."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from db import context
from db.engine import database_now
from db.instances import LONGEST_ACCESSION_NUMBER, InstanceState
from db.tables import AssociationRow, InstanceRow, SeriesRow, StudyRow
from screening.header import Header
from screening.jobs import input_digest
from screening.types import Instance, Series, Study

REMOVED = "images of this study were removed after their time (retention.spool_days); have the whole study sent again"


def quiet(s: Session, *, quiet_seconds: float, now: datetime) -> list[str]:
    """Study Instance UIDs that are due for intake, the longest quiet first.

    Due: instances were indexed since the last intake, nothing arrived for quiet_seconds, no association that delivered
    an instance of the study is still open, and nothing that could belong to it (any reception older than
    quiet_seconds) waits to be indexed.
    """
    before = now - timedelta(seconds=quiet_seconds)
    waiting = exists().where(InstanceRow.state == InstanceState.RECEIVED, InstanceRow.received_at <= before)
    query = (
        select(StudyRow.study_instance_uid)
        .where(StudyRow.intake_due, StudyRow.last_received_at <= before, ~waiting, ~_arriving())
        .order_by(StudyRow.last_received_at, StudyRow.id)
    )
    return list(s.scalars(query))


def next_quiet(s: Session, *, quiet_seconds: float, now: datetime) -> datetime | None:
    """When the next study that is due will be quiet, should nothing more come; None where nobody can tell.

    One that waits only for the end of an association may be quiet at any moment: now.
    """
    before = now - timedelta(seconds=quiet_seconds)
    query = select(func.min(StudyRow.last_received_at)).where(StudyRow.intake_due)
    if s.scalar(query.where(StudyRow.last_received_at <= before, _arriving())) is not None:
        return now
    last = s.scalar(query.where(StudyRow.last_received_at > before))
    return None if last is None else last + timedelta(seconds=quiet_seconds)


def _arriving() -> ColumnElement[bool]:
    """Whether an association that delivered an instance of the study is still open."""
    return (
        exists()
        .where(InstanceRow.study_instance_uid == StudyRow.study_instance_uid)
        .where(AssociationRow.id == InstanceRow.association_id, AssociationRow.closed_at.is_(None))
    )


def load(s: Session, study_instance_uid: str) -> Study:
    """The study with its indexed instances, in the order of Instance Number and SOP Instance UID.

    Raises
    ------
    KeyError
        If there is no such study.
    """
    _row(s, study_instance_uid)
    query = (
        select(SeriesRow, InstanceRow)
        .join(InstanceRow, InstanceRow.series_id == SeriesRow.id)
        .where(SeriesRow.study_instance_uid == study_instance_uid, InstanceRow.state == InstanceState.INDEXED)
    )
    pairs = sorted(s.execute(query), key=_order)
    series = tuple(
        Series(series_instance_uid=uid, instances=tuple(_instance(row, uid) for _, row in group))
        for uid, group in groupby(pairs, key=lambda pair: pair[0].series_instance_uid)
    )
    return Study(study_instance_uid=study_instance_uid, series=series)


def _order(pair: tuple[SeriesRow, InstanceRow]) -> tuple[bool, int, str, bool, int, str]:
    series, row = pair
    return (
        series.series_number is None,
        series.series_number or 0,
        series.series_instance_uid,
        row.instance_number is None,
        row.instance_number or 0,
        row.sop_instance_uid,
    )


def _instance(row: InstanceRow, series_instance_uid: str) -> Instance:
    return Instance(
        sop_class_uid=row.sop_class_uid,
        sop_instance_uid=row.sop_instance_uid,
        series_instance_uid=series_instance_uid,
        study_instance_uid=row.study_instance_uid or "",
        transfer_syntax_uid=row.transfer_syntax_uid,
        digest=row.digest or "",
        location=row.spool_name,
        header=Header(row.header or {}),
    )


def _row(s: Session, study_instance_uid: str, *, lock: bool = False) -> StudyRow:
    query = select(StudyRow).where(StudyRow.study_instance_uid == study_instance_uid)
    if lock:
        query = query.with_for_update()
    row = s.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise KeyError(f"no study {study_instance_uid}")
    return row


def conflict(s: Session, study_instance_uid: str) -> str | None:
    """Why the study contradicts itself, or is no longer whole, and must not be screened; or None."""
    return _row(s, study_instance_uid).conflict or (REMOVED if _incomplete(s, study_instance_uid) else None)


def _incomplete(s: Session, study_instance_uid: str) -> bool:
    """Whether an image of it was purged and has not come again."""
    again = aliased(InstanceRow)
    came = exists().where(again.sop_instance_uid == InstanceRow.sop_instance_uid, again.state == InstanceState.INDEXED)
    purged = exists().where(
        InstanceRow.study_instance_uid == study_instance_uid, InstanceRow.state == InstanceState.PURGED, ~came
    )
    return bool(s.scalar(select(purged)))


def patient_id(s: Session, study_instance_uid: str) -> tuple[str, str]:
    """PatientID and IssuerOfPatientID of the study; both may be empty."""
    row = _row(s, study_instance_uid)
    return row.patient_id, row.issuer_of_patient_id


def intake_done(s: Session, study_instance_uid: str, digest: str) -> None:
    """Intake looked at what has this digest: `screening.jobs.input_digest` of the whole study and the whole context.

    When another instance was indexed meanwhile, or other context imported, the study stays due.

    Raises
    ------
    ValueError
        If digest is no SHA-256.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"digest must be a SHA-256 in hexadecimal, got {digest!r}")
    row = _row(s, study_instance_uid, lock=True)
    row.intake_digest, row.intake_at = digest, database_now(s)
    known = context.for_patient(s, row.patient_id, row.issuer_of_patient_id)
    row.intake_due = input_digest(load(s, study_instance_uid).instances, known) != digest
    s.flush()


def take_in_again(s: Session, study_instance_uid: str) -> None:
    """The study is due for intake although no instance came: what its models run under was changed."""
    _row(s, study_instance_uid, lock=True).intake_due = True
    s.flush()


def take_in_again_of(s: Session, patients: Iterable[tuple[str, str]], *, since: datetime) -> int:
    """Studies of these patients (PatientID, IssuerOfPatientID) that came since then are due again. How many."""
    count = 0
    for patient_id, issuer in patients:
        rows = s.scalars(
            select(StudyRow)
            .where(StudyRow.patient_id == patient_id, StudyRow.issuer_of_patient_id == issuer)
            .where(StudyRow.patient_id != "", StudyRow.last_received_at >= since)
            .order_by(StudyRow.id)
            .with_for_update()
        ).all()
        for row in rows:
            row.intake_due = True
        count += len(rows)
    s.flush()
    return count


def find(s: Session, text: str) -> list[str]:
    """Study Instance UIDs with this Accession Number or this Study Instance UID, newest first."""
    query = select(StudyRow.study_instance_uid).where(
        or_(StudyRow.accession_number == text[:LONGEST_ACCESSION_NUMBER], StudyRow.study_instance_uid == text)
    )
    return list(s.scalars(query.order_by(StudyRow.last_received_at.desc(), StudyRow.id.desc())))


def all_uids(s: Session) -> list[str]:
    """Study Instance UIDs of every study, oldest first."""
    return list(s.scalars(select(StudyRow.study_instance_uid).order_by(StudyRow.id)))
