"""Audit messages on their way: kept here until the file and the repository that the settings name have them.

They may name patients, as PS3.15 A.5 asks; a message is removed as soon as it is through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.engine import moment_of
from db.node_tables import AuditMessageRow


class Way(StrEnum):
    """Where messages go."""

    FILE = "file"
    SYSLOG = "syslog"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A message that waits."""

    message_id: int
    at: datetime  #: when it was put here
    message: str  #: XML


def put(s: Session, message: str) -> None:
    """Keep a message, in the transaction that it tells of."""
    s.execute(insert(AuditMessageRow).values(at=moment_of(s), message=message))


def waiting(s: Session, way: Way, *, limit: int = 200) -> list[Waiting]:
    """Messages that did not go this way yet, oldest first."""
    rows = s.scalars(
        select(AuditMessageRow).where(_gone(way).is_(None)).order_by(AuditMessageRow.id).limit(limit)
    )  # fmt: skip
    return [Waiting(message_id=row.id, at=row.at, message=row.message) for row in rows]


def went(s: Session, way: Way, message_ids: Sequence[int]) -> None:
    """These messages went this way."""
    s.execute(update(AuditMessageRow).where(AuditMessageRow.id.in_(message_ids)).values({_gone(way).key: moment_of(s)}))


def remove_through(s: Session, ways: Sequence[Way]) -> int:
    """Remove what went all of these ways; how many messages that were. With no way at all, everything."""
    found = s.execute(
        delete(AuditMessageRow).where(*(_gone(way).is_not(None) for way in ways)).returning(AuditMessageRow.id)
    )
    return len(found.all())


def any_wait(s: Session) -> bool:
    """Whether there is a message."""
    return s.scalar(select(AuditMessageRow.id).order_by(AuditMessageRow.id).limit(1)) is not None


def _gone(way: Way) -> InstrumentedAttribute[datetime | None]:
    return AuditMessageRow.filed_at if way is Way.FILE else AuditMessageRow.sent_at
