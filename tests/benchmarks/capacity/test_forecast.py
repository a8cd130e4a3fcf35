"""Forecasts: more workers, less waiting; as few as keep the goal."""

import itertools

import numpy as np
import pytest

from benchmarks.capacity.forecast import GOAL_SECONDS, Year, fewest, forecast, forecasts, year_of
from benchmarks.capacity.service_times import Measured, ServiceTime
from benchmarks.capacity.traffic import HOUR, SHARES, YEAR, Network

SLOW = Measured(machine="m", models=dict.fromkeys(SHARES, ServiceTime(median=300.0, p95=600.0)))


@pytest.fixture(scope="module")
def year() -> Year:
    return year_of(Network(name="a department", hospitals=1, studies=150_000), SLOW, seed=1)


def test_the_load_is_rate_times_service(year: Year) -> None:
    assert year.load == pytest.approx(len(year.services) * (SLOW.models["bone_muscle_ct"].mean + 0.15) / YEAR, rel=0.02)
    hour, jobs = year.busiest_hour
    assert jobs == ((year.traffic.moments >= hour * HOUR) & (year.traffic.moments < (hour + 1) * HOUR)).sum()
    assert jobs > 3 * len(year.services) / YEAR * HOUR


def test_more_workers_less_waiting(year: Year) -> None:
    found = forecasts(year, 1, counts=(3, 4, 8, 16))
    assert [item.workers for item in found] == [3, 4, 8, 16]
    for fewer, more in itertools.pairwise(found):
        assert more.year.p95 <= fewer.year.p95
        assert more.busiest_hour.median <= fewer.busiest_hour.median
        assert more.done >= fewer.done
        assert more.utilisation < fewer.utilisation
    assert found[0].utilisation == pytest.approx(year.load / 3, rel=0.02)
    assert found[0].busiest_hour.median > found[0].year.median


def test_the_list_ends_when_nobody_waits(year: Year) -> None:
    assert [item.workers for item in forecasts(year, 1, slower=0.01)] == [1, 2, 3, 4][: len(forecasts(year, 1, 0.01))]
    assert forecasts(year, 1, slower=0.01)[-1].year.p99 < 0.05


def test_the_fewest_keep_the_goal_and_one_less_does_not(year: Year) -> None:
    workers = fewest(year, 1)
    assert workers is not None
    assert forecast(year, workers, 1).year.p95 <= GOAL_SECONDS < forecast(year, workers - 1, 1).year.p95
    more = fewest(year, 1, slower=2)
    assert more is not None
    assert more > workers
    assert fewest(year, 1, slower=100, most=workers) is None


def test_the_same_seed_gives_the_same_forecast(year: Year) -> None:
    assert forecast(year, 4, 1) == forecast(year, 4, 1)
    assert forecast(year, 4, 2).utilisation != forecast(year, 4, 1).utilisation


def test_waits_are_told_of_jobs_in_the_busiest_hour(year: Year) -> None:
    two = Year(network=year.network, traffic=year.traffic, services=np.full(len(year.services), 1e-6))
    assert forecast(two, 8, 1).busiest_hour.longest < 1
