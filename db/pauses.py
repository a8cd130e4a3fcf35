"""Pauses: parts of the node that an operator stopped, and why. No row: it runs. A restart changes nothing.

What claims work asks `running` in the very statement that claims, so that nobody can forget it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Update, delete, exists, select, update
from sqlalchemy.orm import Session

from db import audit
from db.engine import database_now
from db.node_tables import PauseRow
from db.tables import DeliveryRow, JobRow
from db.upsert import insert_or_ignore
from screening.jobs import JobState
from screening.reports import DeliveryState

LONGEST_REASON = 500  # characters


class Part(StrEnum):
    """What can be paused."""

    INTAKE = "intake"
    SCREENING = "screening"
    DELIVERY = "delivery"


MEANING: dict[Part, str] = {
    Part.INTAKE: "C-STORE is answered 0xA700, out of resources, within a few seconds; senders come again later",
    Part.SCREENING: "no worker claims another job; what runs comes to its end",
    Part.DELIVERY: "no sender claims another delivery; what is on its way comes to its end",
}
"""What a pause does, for an operator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """Who paused a part, when and why."""

    part: Part
    at: datetime
    by: str
    why: str


def pause(s: Session, part: Part, *, who: str, why: str) -> bool:
    """Stop a part. False if it was stopped before: then who stopped it, and why, stays.

    Raises
    ------
    ValueError
        If why says nothing.
    """
    why = " ".join(why.split())[:LONGEST_REASON]
    if not why:
        raise ValueError(f"why must say why {part.value} is paused")
    values = {"part": part.value, "at": database_now(s), "by": who, "why": why}
    if insert_or_ignore(s, PauseRow, ["part"], values) is None:
        return False
    audit.record(s, actor=who, action="pause", subject=part.value, detail=why)
    return True


def resume(s: Session, part: Part, *, who: str, why: str = "") -> bool:
    """Let a part go on; what waits for it is rung for again at once. False if it was not stopped."""
    found = s.execute(delete(PauseRow).where(PauseRow.part == part.value).returning(PauseRow.id))
    if found.one_or_none() is None:
        return False
    if part in _FORGET_BELLS:
        s.execute(_FORGET_BELLS[part].execution_options(synchronize_session=False))
    audit.record(s, actor=who, action="resume", subject=part.value, detail=" ".join(why.split())[:LONGEST_REASON])
    return True


def known(s: Session) -> dict[Part, Pause]:
    """The parts that are stopped now."""
    rows = s.scalars(select(PauseRow).order_by(PauseRow.part))
    return {Part(row.part): Pause(part=Part(row.part), at=row.at, by=row.by, why=row.why) for row in rows}


def is_paused(s: Session, part: Part) -> bool:
    """Whether a part is stopped now."""
    return bool(s.scalar(select(exists().where(PauseRow.part == part.value))))


def running(part: Part) -> ColumnElement[bool]:
    """That a part is not stopped, as a condition of a statement."""
    return ~exists().where(PauseRow.part == part.value)


_FORGET_BELLS: dict[Part, Update] = {
    Part.SCREENING: update(JobRow)
    .where(JobRow.state.in_([JobState.READY, JobState.RETRY_WAIT]), JobRow.enqueued_at.is_not(None))
    .values(enqueued_at=None),
    Part.DELIVERY: update(DeliveryRow)
    .where(DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.enqueued_at.is_not(None))
    .values(enqueued_at=None),
}
"""A message that came during the pause was dropped: its row must look as if nobody had rung for it."""
