"""What an association brought, told once it is over and everything that it brought was read."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.engine import database_now
from db.instances import InstanceState
from db.tables import AssociationRow, InstanceRow, RefusalRow, StudyRow


class Fate(StrEnum):
    """What became of objects."""

    NEW = "new"  #: stored
    KNOWN = "known"  #: stored before, the same bytes
    UNREADABLE = "unreadable"  #: stored, and of no use: nobody can tell to which study it belongs
    REFUSED = "refused"  #: answered with a failure status


@dataclass(slots=True)
class Part:
    """Objects of one study with one fate. study_instance_uid is empty where it is not known."""

    study_instance_uid: str
    fate: Fate
    patient_id: str = ""
    accession_number: str = ""
    sop_classes: Counter[str] = field(default_factory=Counter)
    sop_instance_uids: list[str] = field(default_factory=list)
    reason: str = ""  #: of the first object that failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """What one association brought."""

    association_id: int
    calling_ae_title: str
    called_ae_title: str
    address: str
    closed_at: datetime
    parts: tuple[Part, ...]


def unreported(s: Session, *, limit: int = 20) -> list[Brought]:
    """Associations that are over, read and not reported yet, oldest first."""
    unread = exists().where(
        InstanceRow.association_id == AssociationRow.id, InstanceRow.state == InstanceState.RECEIVED
    )  # fmt: skip
    rows = s.scalars(
        select(AssociationRow)
        .where(
            AssociationRow.reported_at.is_(None),
            AssociationRow.closed_at.is_not(None),
            ~unread,
        )
        .order_by(AssociationRow.id)
        .limit(limit)
    )
    return [_brought(s, row) for row in rows]


def reported(s: Session, association_id: int) -> bool:
    """Mark an association as reported; False if somebody else did, who reports it."""
    found = s.execute(
        update(AssociationRow)
        .where(AssociationRow.id == association_id, AssociationRow.reported_at.is_(None))
        .values(reported_at=database_now(s))
        .returning(AssociationRow.id)
    )
    return bool(found.all())


def _brought(s: Session, row: AssociationRow) -> Brought:
    parts: dict[tuple[str, Fate], Part] = {}
    for study, state, sop_class, sop_instance, reason in s.execute(
        select(
            InstanceRow.study_instance_uid, InstanceRow.state, InstanceRow.sop_class_uid, InstanceRow.sop_instance_uid,
            InstanceRow.reason,
        )
        .where(InstanceRow.association_id == row.id)
        .order_by(InstanceRow.id)
    ):  # fmt: skip
        _add(parts, study or "", _fate(state), sop_class, sop_instance, reason)
    for sop_class, sop_instance, reason in s.execute(
        select(RefusalRow.sop_class_uid, RefusalRow.sop_instance_uid, RefusalRow.reason)
        .where(RefusalRow.association_id == row.id)
        .order_by(RefusalRow.id)
    ):
        _add(parts, "", Fate.REFUSED, sop_class, sop_instance, reason)
    for part in parts.values():
        study_row = s.scalar(select(StudyRow).where(StudyRow.study_instance_uid == part.study_instance_uid))
        if study_row is not None:
            part.patient_id, part.accession_number = study_row.patient_id, study_row.accession_number
    assert row.closed_at is not None  # noqa: S101 (asked for by the query)
    return Brought(
        association_id=row.id, calling_ae_title=row.calling_ae_title, called_ae_title=row.called_ae_title,
        address=row.address, closed_at=row.closed_at, parts=tuple(parts.values()),
    )  # fmt: skip


def _fate(state: str) -> Fate:
    if state == InstanceState.UNREADABLE:
        return Fate.UNREADABLE
    return Fate.KNOWN if state == InstanceState.DUPLICATE else Fate.NEW


def _add(  # noqa: PLR0917 (the columns of a row)
    parts: dict[tuple[str, Fate], Part], study: str, fate: Fate, sop_class: str, sop_instance: str, reason: str | None
) -> None:
    part = parts.setdefault((study, fate), Part(study_instance_uid=study, fate=fate))
    part.sop_classes[sop_class] += 1
    if fate in (Fate.UNREADABLE, Fate.REFUSED):
        part.sop_instance_uids.append(sop_instance)
        part.reason = part.reason or reason or ""
