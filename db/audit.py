"""The audit trail: who did what to what. Rows are only ever added."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.engine import moment_of
from db.tables import AuditRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the audit trail."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


def record(s: Session, *, actor: str, action: str, subject: str, detail: str) -> None:
    """Add a line. subject is an id or a UID, never a patient's name."""
    s.execute(insert(AuditRow).values(at=moment_of(s), actor=actor, action=action, subject=subject, detail=detail))


def newest(s: Session, limit: int = 100) -> list[Entry]:
    """The newest lines, newest first."""
    rows = s.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(limit))
    return [
        Entry(at=row.at, actor=row.actor, action=row.action, subject=row.subject, detail=row.detail) for row in rows
    ]
