"""C-ECHO as operators ask for it: who asked which destination, and what came of it. The newest of each are kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db import audit
from db.engine import database_now
from db.node_tables import EchoRow

KEPT = 100
"""Rows of each destination."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Echo:
    """One C-ECHO."""

    destination: str
    at: datetime
    ok: bool
    outcome: str  #: "success", or a fault of `dicom_node.association_faults`
    detail: str
    milliseconds: int
    who: str


def record(
    s: Session, *, destination: str, ok: bool, outcome: str, detail: str, milliseconds: int, who: str
) -> Echo:  # fmt: skip
    """Keep what came of it, with a line in the audit trail, and forget the oldest beyond `KEPT`."""
    echo = Echo(
        destination=destination, at=database_now(s), ok=ok, outcome=outcome, detail=detail, milliseconds=milliseconds,
        who=who,
    )  # fmt: skip
    row = EchoRow(
        destination=destination, at=echo.at, ok=ok, outcome=outcome, detail=detail, milliseconds=milliseconds, who=who
    )
    s.add(row)
    s.flush()
    own = select(EchoRow.id).where(EchoRow.destination == destination).order_by(EchoRow.id.desc())
    beyond = own.offset(KEPT).limit(1).scalar_subquery()
    s.execute(delete(EchoRow).where(EchoRow.destination == destination, EchoRow.id <= beyond))
    audit.record(s, actor=who, action="echo", subject=f"destination {destination}", detail=detail)
    return echo


def newest(s: Session, destinations: Collection[str]) -> dict[str, Echo]:
    """The last one of each of these destinations; those never asked are left out."""
    last = select(func.max(EchoRow.id)).where(EchoRow.destination.in_(destinations)).group_by(EchoRow.destination)
    return {row.destination: _value(row) for row in s.scalars(select(EchoRow).where(EchoRow.id.in_(last)))}


def of_destination(s: Session, destination: str, limit: int = KEPT) -> list[Echo]:
    """Those of one destination, the newest first."""
    wanted = select(EchoRow).where(EchoRow.destination == destination).order_by(EchoRow.id.desc()).limit(limit)
    return [_value(row) for row in s.scalars(wanted)]


def _value(row: EchoRow) -> Echo:
    return Echo(
        destination=row.destination, at=row.at, ok=row.ok, outcome=row.outcome, detail=row.detail,
        milliseconds=row.milliseconds, who=row.who,
    )  # fmt: skip
