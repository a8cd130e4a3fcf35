"""How long jobs took, against rows made by hand."""

import statistics
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from db.engine import Sessions, transaction
from db.tables import JobRow
from db.turnaround import Quantiles, Took, quantile, times
from tests.db.dated import dated_job
from tests.db.plans import recorded, scans

BEGIN = datetime(2026, 3, 1, 23, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


BOUNDS = [_at(0), _at(3600), _at(7200)]


def _one(length: float) -> Quantiles:
    return Quantiles(number=1, p50=length, p95=length)


def test_the_wait_and_the_way_of_a_job(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        dated_job(
            s, 1, came=_at(-50), opened=_at(10), claims=[_at(14), _at(90)], stored=_at(100), sent=[_at(130), _at(120)]
        )
        dated_job(s, 2, came=_at(3500), opened=_at(3600), claims=[_at(3601.5)])
        dated_job(s, 3, came=_at(7100), opened=_at(7200), claims=[_at(7201)])
    with transaction(sessions, read_only=True) as s:
        found = times(s, BOUNDS)
    assert found.took == [Took(waited=_one(4), stored=_one(180)), Took(waited=_one(1.5), stored=None)]
    assert found.every == 1


def test_p50_and_p95_of_many(sessions: Sessions) -> None:
    waits = [3.0, 1, 8, 2, 100, 5, 4, 9, 7, 6]
    with transaction(sessions) as s:
        for number, wait in enumerate(waits, start=1):
            dated_job(s, number, came=_at(0), opened=_at(10), claims=[_at(10 + wait)])
    with transaction(sessions, read_only=True) as s:
        (waited, _) = (item.waited for item in times(s, BOUNDS).took)
    assert waited is not None
    assert (waited.number, waited.p50) == (10, 5.5)
    assert waited.p95 == pytest.approx(9 + (100 - 9) * 0.55)  # the place is 0.95 * 9 = 8.55


def test_what_is_not_all_there_has_no_time(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        dated_job(s, 1, came=_at(0), opened=_at(10))
        dated_job(s, 2, came=_at(0), opened=_at(10), stored=_at(20), sent=[_at(30), None])
        dated_job(s, 3, came=_at(0), opened=_at(10), stored=_at(20), held=True)
    with transaction(sessions, read_only=True) as s:
        assert times(s, BOUNDS).took == [Took(waited=None, stored=None)] * 2


def test_a_revision_is_timed_in_the_queue_only(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        dated_job(s, 1, came=_at(-9e6), opened=_at(-8e6))
        job_id = dated_job(
            s, 2, came=_at(-9e6), opened=_at(10), claims=[_at(12)], stored=_at(20), sent=[_at(30), _at(30)]
        )
        s.execute(update(JobRow).where(JobRow.id == job_id).values(predecessor_id=1))
    with transaction(sessions, read_only=True) as s:
        assert times(s, BOUNDS).took[0] == Took(waited=_one(2), stored=None)


def test_of_many_jobs_each_so_manieth_is_looked_at(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for number in range(1, 11):
            dated_job(s, number, came=_at(0), opened=_at(number), claims=[_at(2 * number)])
    with transaction(sessions, read_only=True) as s:
        found = times(s, BOUNDS, most=4)
        assert times(s, BOUNDS, most=10).every == 1
    assert found.every == 3
    waited = found.took[0].waited
    assert waited is not None
    assert (waited.number, waited.p50) == (4, 5.5)  # of 1, 4, 7, 10


def test_nothing_is_read_as_a_whole(sessions: Sessions, engine: Engine) -> None:
    with transaction(sessions) as s:
        dated_job(s, 1, came=_at(0), opened=_at(10), claims=[_at(14)])
    with recorded(engine) as statements, transaction(sessions, read_only=True) as s:
        times(s, BOUNDS)
    with engine.connect() as connection:
        assert scans(connection, statements, forced=True) == []


@pytest.mark.parametrize("values", [[1.0, 2], [0.5, 1, 4, 9, 16, 25, 36], list(range(1000))])
def test_quantiles_are_those_of_the_statistics_module(values: list[float]) -> None:
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    assert quantile(values, 0.95) == pytest.approx(cuts[18])
    assert quantile(values, 0.5) == pytest.approx(statistics.median(values))
    assert quantile([7.0], 0.95) == 7
