"""The audit trail: who did what to what. Lines are only added, each chained to the one before (`db.audit_chain`)."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.audit_chain import BEGINNING, Head, Link, digest_of
from db.columns import clean_text
from db.engine import database_now
from db.node_tables import AuditRow

_TURN = 0x4F50504155444954  # "OPPAUDIT": the key of PostgreSQL's advisory lock

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry(Link):
    """One line of the audit trail."""

    digest: str  #: hexadecimal, as stored


def record(s: Session, *, actor: str, action: str, subject: str, detail: str) -> int:
    """Add a line; its number. subject is an id or a UID, never a patient's name.

    Writers take turns until their transactions end, since each line is chained to the one before: call it last.
    """
    if s.get_bind().dialect.name == "postgresql":  # on SQLite the transaction began with the write lock
        s.execute(select(func.pg_advisory_xact_lock(_TURN)))
    before = head(s) or BEGINNING
    link = Link(
        sequence=before.sequence + 1,
        at=database_now(s),
        actor=clean_text(actor),
        action=clean_text(action),
        subject=clean_text(subject),
        detail=clean_text(detail),
    )
    s.execute(
        insert(AuditRow).values(
            sequence=link.sequence, at=link.at, actor=link.actor, action=link.action, subject=link.subject,
            detail=link.detail, digest=digest_of(before.digest, link),
        )
    )  # fmt: skip
    return link.sequence


def head(s: Session) -> Head | None:
    """The last line's number and digest, None while there is none."""
    row = s.execute(
        select(AuditRow.sequence, AuditRow.digest).order_by(AuditRow.sequence.desc()).limit(1)
    ).one_or_none()
    return None if row is None else Head(sequence=row.sequence, digest=row.digest)


def digest_at(s: Session, sequence: int) -> str | None:
    """The stored digest of a line, None when there is no such line."""
    return s.scalar(select(AuditRow.digest).where(AuditRow.sequence == sequence))


def line(s: Session, sequence: int) -> Entry | None:
    """A line, None when there is none of this number."""
    row = s.get(AuditRow, sequence)
    return None if row is None else to_entry(row)


def newest(s: Session, limit: int = 100, *, before: int | None = None) -> list[Entry]:
    """The newest lines, newest first; of those before a line's number, if one is given."""
    wanted = select(AuditRow).order_by(AuditRow.sequence.desc()).limit(limit)
    rows = s.scalars(wanted if before is None else wanted.where(AuditRow.sequence < before))
    return [to_entry(row) for row in rows]


def oldest_first(s: Session) -> Iterator[Entry]:
    """Every line, read in portions: the trail may be long."""
    last: int | None = None
    while True:
        wanted = select(AuditRow).order_by(AuditRow.sequence).limit(_ROWS_AT_ONCE)
        rows = s.scalars(wanted if last is None else wanted.where(AuditRow.sequence > last)).all()
        yield from (to_entry(row) for row in rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        last = rows[-1].sequence
        s.expunge_all()


def to_entry(row: AuditRow) -> Entry:
    """The row as a value."""
    return Entry(
        sequence=row.sequence, at=row.at, actor=row.actor, action=row.action, subject=row.subject, detail=row.detail,
        digest=row.digest,
    )  # fmt: skip
