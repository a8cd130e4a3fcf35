"""How much the node did over time: studies that came, jobs that were inferred, objects that were delivered."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.by_time import first_from, within
from db.columns import Number, UtcDateTime
from db.tables import DeliveryRow, ResultRow, StudyRow

LONGEST_WAY = timedelta(days=7)
"""An object that is delivered later than that after it was made is not counted: older rows are not read for it."""

_SLOT = 900  # seconds; hours and days of every time zone begin with one


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """What was done within one bucket."""

    studies: int = 0  #: whose first image came
    jobs: int = 0  #: whose outcome was stored, findings or not evaluable
    objects: int = 0  #: taken by a destination


def amounts(s: Session, bounds: Sequence[datetime]) -> list[Amounts]:
    """What was done between each two of the rising moments, which lie on quarters of an hour.

    One item fewer than bounds: bucket k is from bounds[k] on and before bounds[k + 1].
    """
    since, until = bounds[0], bounds[-1]
    of_studies = and_(StudyRow.first_received_at >= since, StudyRow.first_received_at < until)
    made = first_from(s, DeliveryRow.created_at, since - LONGEST_WAY)
    of_objects = and_(DeliveryRow.id >= made, DeliveryRow.sent_at >= since, DeliveryRow.sent_at < until)
    return [
        Amounts(studies=studies, jobs=jobs, objects=objects)
        for studies, jobs, objects in zip(
            _counted(s, StudyRow.first_received_at, of_studies, bounds),
            _counted(s, ResultRow.created_at, within(s, ResultRow.created_at, since, until), bounds),
            _counted(s, DeliveryRow.sent_at, of_objects, bounds),
            strict=True,
        )
    ]


def _counted(
    s: Session, moments: InstrumentedAttribute[Any], which: ColumnElement[bool], bounds: Sequence[datetime]
) -> list[int]:
    found = [0] * (len(bounds) - 1)
    for at, number in _slots(s, moments, which):
        found[bisect_right(bounds, at) - 1] += number
    return found


def _slots(
    s: Session, moments: InstrumentedAttribute[Any], which: ColumnElement[bool]
) -> Iterator[tuple[datetime, int]]:
    """The begin of each quarter of an hour that has rows, and how many."""
    if s.get_bind().dialect.name == "postgresql":
        origin = text("TIMESTAMPTZ 'epoch'")
        slot: Any = func.date_bin(text(f"INTERVAL '{_SLOT} s'"), moments, origin, type_=UtcDateTime()).label("slot")
        for at, number in s.execute(select(slot, func.count()).where(which).group_by(slot)):
            yield at, number
        return
    slot = (cast(func.strftime("%s", moments), Number) // _SLOT).label("slot")
    for value, number in s.execute(select(slot, func.count()).where(which).group_by(slot)):
        yield datetime.fromtimestamp(int(value) * _SLOT, UTC), number
