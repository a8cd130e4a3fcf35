"""Rows of a time, in tables without an index of it: numbers rise with time, so halving finds where it begins."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

SLACK = timedelta(hours=1)
"""How far the time of a row may lie before that of one with a lower number: a transaction that was long, a clock that
was put back."""

Moments = InstrumentedAttribute[datetime]


def first_from(s: Session, moments: Moments, at: datetime) -> int:
    """The lowest number whose row is not from before that moment; the one after the last if every row is.

    moments: the column of the time at which a row was added.
    """
    number = _number_of(moments)
    low = s.scalar(select(number).order_by(number).limit(1)) or 1
    high = (s.scalar(select(number).order_by(number.desc()).limit(1)) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        found, when = s.execute(select(number, moments).where(number >= middle).order_by(number).limit(1)).one()
        if when < at:
            low = found + 1
        else:
            high = middle
    return int(low)


def numbers(s: Session, moments: Moments, since: datetime, until: datetime) -> range:
    """Numbers that hold every row from `since` on and before `until`, and few others."""
    return range(first_from(s, moments, since - SLACK), first_from(s, moments, until + SLACK))


def within(s: Session, moments: Moments, since: datetime, until: datetime) -> ColumnElement[bool]:
    """The condition that a row is from `since` on and before `until`, by which no more of the table is read."""
    found, number = numbers(s, moments, since, until), _number_of(moments)
    return and_(number >= found.start, number < found.stop, moments >= since, moments < until)


def _number_of(moments: Moments) -> Any:
    return moments.class_.id
