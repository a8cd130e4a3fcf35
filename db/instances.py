"""Instances: one row for each reception, from `received` to what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict, Unpack, cast

from sqlalchemy import Connection, Table, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import amounts
from db.columns import clean_text
from db.engine import database_now, moment_of
from db.prepared import Prepared
from db.tables import DeliveryRow, InstanceRow, RefusalRow, ReportObjectRow, SeriesRow, StudyRow
from db.upsert import insert_or_ignore
from screening import clock
from screening.types import Instance

ANOTHER_PATIENT = "another patient (PatientID or its issuer) came under this Study Instance UID"

LONGEST_ACCESSION_NUMBER = 64
"""Of what is indexed. VR SH allows 16 (PS3.5 6.2); an index entry of PostgreSQL does not take any length."""


class InstanceState(StrEnum):
    """What became of a reception."""

    RECEIVED = "received"  #: stored in the spool, not read yet
    INDEXED = "indexed"  #: part of its study
    UNREADABLE = "unreadable"  #: its header cannot be read
    DUPLICATE = "duplicate"  #: the same bytes were indexed before; the file may go
    CONFLICT = "conflict"  #: contradicts what was indexed before; kept, and no part of the study
    OWN_OUTPUT = "own_output"  #: a result object of ours that came back
    PURGED = "purged"  #: was part of its study; its file was removed after its time (`db.retention`)


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A reception that waits to be indexed."""

    instance_id: int
    spool_name: str
    size: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    received_at: datetime


# built once: a C-STORE answer waits for it
_RECEIVED = InstanceState.RECEIVED.value
_COLUMNS = (
    "association_id", "sop_class_uid", "sop_instance_uid", "transfer_syntax_uid", "spool_name", "size", "state"
)  # fmt: skip
_INSERT = insert(cast("Table", InstanceRow.__table__))
_REGISTER = Prepared(_INSERT, (*_COLUMNS, "received_at"))
_REGISTER_BY_ITS_CLOCK = Prepared(_INSERT.values(received_at=func.clock_timestamp()), _COLUMNS)


class NewInstance(TypedDict):
    """A reception."""

    association_id: int | None
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    spool_name: str
    size: int  #: bytes of its file


def register(s: Session, **reception: Unpack[NewInstance]) -> int:
    """Record one reception; its number."""
    register_all(s.connection(), [reception])
    return s.scalars(select(InstanceRow.id).where(InstanceRow.spool_name == reception["spool_name"])).one()


def register_all(connection: Connection, receptions: Sequence[NewInstance]) -> None:
    """Record receptions whose bytes are in the spool, or on their way to the disk. C-STORE answers wait for it."""
    if connection.dialect.name == "postgresql":
        _REGISTER_BY_ITS_CLOCK.run(connection, [{**reception, "state": _RECEIVED} for reception in receptions])
    else:
        now = clock.now()
        rows = [{**reception, "state": _RECEIVED, "received_at": now} for reception in receptions]
        _REGISTER.run(connection, rows)


def withdraw(s: Session, spool_name: str, reason: str) -> None:
    """A reception has no whole file: it counts no more, and may come again."""
    row = s.scalars(select(InstanceRow).where(InstanceRow.spool_name == spool_name).with_for_update()).one_or_none()
    if row is None:
        return
    if row.study_instance_uid is not None:
        s.execute(update(StudyRow).filter_by(study_instance_uid=row.study_instance_uid).values(intake_due=True))
    row.series_id = None
    _settle(s, row, InstanceState.UNREADABLE, "not-durable", reason)


def is_registered(s: Session, spool_name: str) -> bool:
    """Whether the reception with these bytes has its row."""
    return bool(s.scalar(select(exists().where(InstanceRow.spool_name == spool_name))))


def kept_copy(s: Session, sop_instance_uid: str) -> tuple[str, int] | None:
    """Spool name and size in bytes of the reception that counts for an instance."""
    query = select(InstanceRow.spool_name, InstanceRow.size).where(
        InstanceRow.sop_instance_uid == sop_instance_uid, InstanceRow.state == InstanceState.INDEXED
    )
    found = s.execute(query).one_or_none()
    return None if found is None else (found.spool_name, found.size)


def refuse(
    s: Session, *, association_id: int | None, sop_class_uid: str, sop_instance_uid: str, status: int, reason: str
) -> None:
    """Record a C-STORE that we answered with a failure status (PS3.4 B.2.3)."""
    s.execute(
        insert(RefusalRow).values(
            association_id=association_id,
            sop_class_uid=sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            status=status,
            reason=reason,
            at=moment_of(s),
        )
    )


def received(s: Session, limit: int = 500) -> list[Received]:
    """What waits to be indexed, oldest first."""
    rows = s.scalars(
        select(InstanceRow)
        .where(InstanceRow.state == InstanceState.RECEIVED)
        .order_by(InstanceRow.received_at, InstanceRow.id)
        .limit(limit)
    )
    return [
        Received(
            instance_id=row.id,
            spool_name=row.spool_name,
            size=row.size,
            sop_class_uid=row.sop_class_uid,
            sop_instance_uid=row.sop_instance_uid,
            transfer_syntax_uid=row.transfer_syntax_uid,
            received_at=row.received_at,
        )
        for row in rows
    ]


def index(s: Session, instance_id: int, instance: Instance) -> str:
    """Put a reception into its study, or say why not. Returns the new state.

    `indexed`; `duplicate` when the same SOP Instance with the same bytes is indexed already; `conflict` when it is
    there with other bytes, or when PatientID and IssuerOfPatientID are not the study's (then the study is in conflict
    too). A reception that was settled before keeps its state. The data set's identity replaces the one that the
    C-STORE request claimed.
    """
    row = _lock(s, instance_id)
    if row.state != InstanceState.RECEIVED:
        return row.state
    study = _study_of(s, row, instance)
    row.sop_class_uid = instance.sop_class_uid
    row.sop_instance_uid = instance.sop_instance_uid
    row.digest = instance.digest
    row.study_instance_uid = instance.study_instance_uid
    row.header = dict(instance.header)
    s.flush()
    if not _same_patient(study, instance):
        study.conflict = study.conflict or f"{ANOTHER_PATIENT}: instance {instance_id}"
        study.intake_due = True  # intake shall see the conflict, even after it was done
        return _settle(s, row, InstanceState.CONFLICT, "another-patient", ANOTHER_PATIENT)
    try:
        with s.begin_nested():
            return _admit(s, row, study, instance)
    except IntegrityError:  # another study admitted the same SOP Instance between our look and our write
        s.refresh(row)
        return _admit(s, row, study, instance)


def _admit(s: Session, row: InstanceRow, study: StudyRow, instance: Instance) -> str:
    earlier = s.scalars(
        select(InstanceRow).where(
            InstanceRow.sop_instance_uid == instance.sop_instance_uid, InstanceRow.state == InstanceState.INDEXED
        )
    ).one_or_none()
    if earlier is not None and earlier.digest == instance.digest:
        return _settle(s, row, InstanceState.DUPLICATE, "same-bytes", f"the same bytes as instance {earlier.id}")
    if earlier is not None:
        reason = f"the same SOP Instance UID as instance {earlier.id}, with other bytes"
        return _settle(s, row, InstanceState.CONFLICT, "other-bytes", reason)
    row.series_id = _series_of(s, row, instance)
    row.instance_number = _integer(instance.header.number("InstanceNumber"))
    study.intake_due = True
    return _settle(s, row, InstanceState.INDEXED, None, None)


def _settle(s: Session, row: InstanceRow, state: InstanceState, code: str | None, reason: str | None) -> str:
    if row.state == InstanceState.RECEIVED:
        amounts.read_from_spool(s, row.size)
    row.state, row.code, row.reason, row.settled_at = state.value, code, reason, database_now(s)
    s.flush()
    return state


def _lock(s: Session, instance_id: int) -> InstanceRow:
    query = select(InstanceRow).where(InstanceRow.id == instance_id).with_for_update()
    return s.scalars(query.execution_options(populate_existing=True)).one()


def _study_of(s: Session, row: InstanceRow, instance: Instance) -> StudyRow:
    """The study's row, made if need be, and locked: one instance of a study is indexed at a time."""
    header = instance.header
    insert_or_ignore(
        s,
        StudyRow,
        ["study_instance_uid"],
        {
            "study_instance_uid": instance.study_instance_uid,
            "accession_number": header.text("AccessionNumber")[:LONGEST_ACCESSION_NUMBER],
            "patient_id": header.text("PatientID"),
            "issuer_of_patient_id": header.text("IssuerOfPatientID"),
            "first_received_at": row.received_at,
            "last_received_at": row.received_at,
            "intake_due": False,
        },
    )
    query = select(StudyRow).where(StudyRow.study_instance_uid == instance.study_instance_uid).with_for_update()
    study = s.scalars(query.execution_options(populate_existing=True)).one()
    study.last_received_at = max(study.last_received_at, row.received_at)
    return study


def _series_of(s: Session, row: InstanceRow, instance: Instance) -> int:
    keys = {
        "study_instance_uid": instance.study_instance_uid,
        "series_instance_uid": instance.series_instance_uid,
    }
    insert_or_ignore(
        s,
        SeriesRow,
        list(keys),
        keys
        | {
            "modality": instance.header.text("Modality").upper(),
            "series_number": _integer(instance.header.number("SeriesNumber")),
            "last_received_at": row.received_at,
        },
    )
    series = s.scalars(select(SeriesRow).filter_by(**keys)).one()
    series.last_received_at = max(series.last_received_at, row.received_at)
    return series.id


def _same_patient(study: StudyRow, instance: Instance) -> bool:
    header = instance.header  # what is stored was cleaned: compare like with like
    found = (clean_text(header.text("PatientID")), clean_text(header.text("IssuerOfPatientID")))
    return found == (study.patient_id, study.issuer_of_patient_id)


def _integer(number: float | None) -> int | None:
    """An Integer String (VR IS, PS3.5 6.2: 32 bits) as a number; None for what is none."""
    return int(number) if number is not None and abs(number) < 2**31 else None


def unreadable(s: Session, instance_id: int, code: str, reason: str) -> None:
    """A reception whose header cannot be read, and why."""
    _settle_received(s, instance_id, InstanceState.UNREADABLE, code, reason)


def own_output(s: Session, instance_id: int, reason: str) -> None:
    """A reception that is a result object of ours: never screened."""
    _settle_received(s, instance_id, InstanceState.OWN_OUTPUT, "own-output", reason)


def _settle_received(s: Session, instance_id: int, state: InstanceState, code: str, reason: str) -> None:
    row = _lock(s, instance_id)
    if row.state == InstanceState.RECEIVED:
        _settle(s, row, state, code, reason)


def is_own_output(s: Session, sop_instance_uid: str) -> bool:
    """Whether we made this SOP Instance: a result object, or the form in which it was sent after an SR fallback."""
    ours = exists().where(ReportObjectRow.sop_instance_uid == sop_instance_uid)
    sent = exists().where(DeliveryRow.sent_sop_instance_uid == sop_instance_uid)
    return bool(s.scalar(select(or_(ours, sent))))


def unknown_spool_names(s: Session, names: Collection[str]) -> set[str]:
    """Which of these files in the spool no reception asks to be kept. A thousand names at a time, not more."""
    kept = select(InstanceRow.spool_name).where(
        InstanceRow.spool_name.in_(names), InstanceRow.state != InstanceState.PURGED
    )
    return set(names) - set(s.scalars(kept))
