"""Counts by time, against rows made by hand."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from db.engine import Sessions, transaction
from db.throughput import LONGEST_WAY, Amounts, amounts
from tests.db.dated import dated_job
from tests.db.plans import recorded, scans

BEGIN = datetime(2026, 3, 1, 23, tzinfo=UTC)


def _at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


BOUNDS = [_at(0), _at(1), _at(2), _at(5)]


def test_each_is_counted_when_it_happened(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        dated_job(s, 1, came=_at(-0.5), opened=_at(-0.4), stored=_at(0), sent=[_at(0.99), _at(1)])
        dated_job(s, 2, came=_at(0), opened=_at(0.1), stored=_at(1.5), sent=[_at(4.9), _at(5)])
        dated_job(s, 3, came=_at(0.9), opened=_at(1), stored=_at(1.6), sent=[_at(2), None])
        dated_job(s, 4, came=_at(4.99), opened=_at(5))
        dated_job(s, 5, came=_at(5), opened=_at(5))
    with transaction(sessions, read_only=True) as s:
        assert amounts(s, BOUNDS) == [
            Amounts(studies=2, jobs=1, objects=1),
            Amounts(studies=0, jobs=2, objects=1),
            Amounts(studies=1, jobs=0, objects=2),
        ]


def test_quarters_of_an_hour_are_told_apart(sessions: Sessions) -> None:
    """Time zones there are that differ by them."""
    bounds = [_at(0), _at(0.25), _at(0.5)]
    with transaction(sessions) as s:
        for number, minutes in enumerate((0, 14.999, 15, 29.999, 30), start=1):
            dated_job(s, number, came=_at(minutes / 60), opened=_at(1))
    with transaction(sessions, read_only=True) as s:
        assert [item.studies for item in amounts(s, bounds)] == [2, 2]


def test_an_object_that_waited_for_long_is_counted_and_one_that_waited_for_ever_is_not(sessions: Sessions) -> None:
    days = LONGEST_WAY / timedelta(hours=1)
    with transaction(sessions) as s:
        made = _at(-2 * days)
        dated_job(s, 1, came=made, opened=made, stored=made, sent=[_at(0.5), _at(0.5)])
        made = _at(1 - days)
        dated_job(s, 2, came=made, opened=made, stored=made, sent=[_at(0.5), _at(0.5)])
    with transaction(sessions, read_only=True) as s:
        assert [item.objects for item in amounts(s, BOUNDS)] == [2, 0, 0]


def test_nothing_is_counted_where_there_is_nothing(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        assert amounts(s, BOUNDS) == [Amounts(), Amounts(), Amounts()]


def test_no_table_is_read_as_a_whole(sessions: Sessions, engine: Engine) -> None:
    with recorded(engine) as statements, transaction(sessions, read_only=True) as s:
        amounts(s, BOUNDS)
    with engine.connect() as connection:
        assert scans(connection, statements, forced=True) == []
