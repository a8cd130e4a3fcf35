"""The audit trail, narrowed. Most of its columns have no index: it is looked through from the newest line on.

Only so many lines are looked through at once: a page costs no more in a trail of ten years.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.audit import Entry, head, to_entry
from db.audit_chain import BEGINNING, digest_of
from db.node_tables import AuditRow

AT_ONCE = 50_000
"""Lines that are looked through for one page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which lines. What is not given does not narrow."""

    actor: str = ""
    action: str = ""
    subject: str = ""  #: held in it, e.g. a UID
    since: datetime | None = None
    until: datetime | None = None  #: before that moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Lines, the newest first."""

    entries: list[Entry]
    before: int | None  #: where to go on: with lines before this number; None: the trail has no more
    looked: int  #: how many lines were looked through


def search(s: Session, wanted: Wanted, *, before: int | None = None, limit: int = 100) -> Found:
    """At most so many lines, of those before a number if one is given, from at most `AT_ONCE` lines."""
    top, first = _top(s, wanted, before), _bottom(s, wanted)
    bottom = max(first, top - AT_ONCE)
    query = select(AuditRow).where(AuditRow.sequence >= bottom, AuditRow.sequence < top, *_narrowed(wanted))
    rows = s.scalars(query.order_by(AuditRow.sequence.desc()).limit(limit)).all()
    reached = rows[-1].sequence if len(rows) == limit else bottom
    return Found(
        entries=[to_entry(row) for row in rows],
        before=reached if reached > first else None,
        looked=max(0, top - reached),
    )


def newest_of(s: Session, wanted: Wanted, limit: int) -> list[Entry]:
    """The newest lines, however far back they lie."""
    found: list[Entry] = []
    before: int | None = None
    while len(found) < limit:
        part = search(s, wanted, before=before, limit=limit - len(found))
        found += part.entries
        before = part.before
        if before is None:
            break
    return found


def unsound(s: Session, entries: list[Entry]) -> set[int]:
    """Numbers of those lines whose digest is not that of the line and the one before it (`db.audit_chain`).

    A line that was put in the place of another together with all that follow is found by `audit_chain.check` alone.
    """
    numbers = {entry.sequence - 1 for entry in entries} - {entry.sequence for entry in entries}
    rows = s.execute(select(AuditRow.sequence, AuditRow.digest).where(AuditRow.sequence.in_(numbers)))
    digests = {row.sequence: row.digest for row in rows} | {entry.sequence: entry.digest for entry in entries}
    digests[BEGINNING.sequence] = BEGINNING.digest
    return {
        entry.sequence for entry in entries if entry.digest != digest_of(digests.get(entry.sequence - 1, ""), entry)
    }


def _top(s: Session, wanted: Wanted, before: int | None) -> int:
    """The number after the last line that may be wanted."""
    last = head(s) or BEGINNING
    tops = [last.sequence + 1] if before is None else [before, last.sequence + 1]
    if wanted.until is not None:
        tops += [number for number in [_first_from(s, wanted.until)] if number is not None]
    return min(tops)


def _bottom(s: Session, wanted: Wanted) -> int:
    """The number of the first line that may be wanted."""
    if wanted.since is None:
        return 1
    found = _first_from(s, wanted.since)
    last = head(s) or BEGINNING
    return last.sequence + 1 if found is None else found


def _first_from(s: Session, at: datetime) -> int | None:
    return s.scalar(
        select(AuditRow.sequence).where(AuditRow.at >= at).order_by(AuditRow.at, AuditRow.sequence).limit(1)
    )


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.actor:
        found.append(AuditRow.actor == wanted.actor)
    if wanted.action:
        found.append(AuditRow.action == wanted.action)
    if wanted.subject:
        found.append(AuditRow.subject.contains(wanted.subject, autoescape=True))
    return found
