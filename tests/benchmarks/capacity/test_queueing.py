"""The queue of the simulation against what is known of queues."""

import itertools
import math

import numpy as np
import pytest

from benchmarks.capacity.queueing import LEASE_SECONDS, Down, downtimes, simulate
from benchmarks.capacity.traffic import DAY, DAYS, HOUR, YEAR


def erlang_c(workers: int, load: float) -> float:
    """Share of customers that wait in M/M/c (Erlang 1917), load in Erlang."""
    last = load**workers / math.factorial(workers) * workers / (workers - load)
    return last / (sum(load**k / math.factorial(k) for k in range(workers)) + last)


def _poisson(rng: np.random.Generator, rate: float, count: int) -> np.ndarray:
    return np.cumsum(rng.exponential(1 / rate, count))


@pytest.mark.parametrize(("workers", "load"), [(1, 0.5), (1, 0.8), (2, 1.6), (5, 4.0), (16, 12.0)])
def test_waits_are_those_of_erlang(workers: int, load: float) -> None:
    rng = np.random.default_rng(workers)
    count, service = 400_000, 10.0
    moments = _poisson(rng, load / service, count)
    waits = simulate(moments, rng.exponential(service, count), [[] for _ in range(workers)]).waits
    share = erlang_c(workers, load)
    mean = share * service / (workers - load)
    assert np.mean(waits > 0) == pytest.approx(share, rel=0.05)
    assert waits.mean() == pytest.approx(mean, rel=0.1)
    # who waits, waits for an exponential time
    assert np.quantile(waits[waits > 0], 0.95) == pytest.approx(mean / share * math.log(20), rel=0.1)


def test_constant_service_halves_the_wait() -> None:
    """Pollaczek and Khinchine: the mean wait of M/D/1 is half of that of M/M/1."""
    rng = np.random.default_rng(0)
    count, load, service = 300_000, 0.7, 3.0
    waits = simulate(_poisson(rng, load / service, count), np.full(count, service), [[]]).waits
    assert waits.mean() == pytest.approx(load * service / (2 * (1 - load)), rel=0.05)


def test_littles_law_holds_with_workers_that_come_and_go() -> None:
    """The mean number of those who wait is their rate times their mean wait, whatever the workers do."""
    rng = np.random.default_rng(3)
    count, rate = 200_000, 0.05
    moments = _poisson(rng, rate, count)
    downs = [[Down(begin=5000.0 * k, end=5000.0 * k + 600, kills=k % 2 == 0) for k in range(1, 700)] for _ in range(3)]
    run = simulate(moments, rng.lognormal(3, 0.8, count), downs)
    begins = moments + run.waits
    points = np.sort(rng.uniform(moments[0], moments[-1], 20_000))
    number = np.searchsorted(moments, points) - np.searchsorted(np.sort(begins), points)
    assert number.mean() == pytest.approx(count / (moments[-1] - moments[0]) * run.waits.mean(), rel=0.03)


def test_no_more_jobs_run_at_once_than_there_are_workers() -> None:
    rng = np.random.default_rng(5)
    moments, services = _poisson(rng, 1.0, 5000), rng.exponential(2.5, 5000)
    run = simulate(moments, services, [[] for _ in range(3)])
    begins = moments + run.waits
    changes = sorted([(end, -1) for end in begins + services] + [(begin, 1) for begin in begins])
    running = np.cumsum([change for _, change in changes])
    assert running.max() == 3
    assert run.busy == pytest.approx(services.sum())
    assert list(begins) == sorted(begins), "a later job began before an earlier one"


def test_a_worker_at_rest_begins_nothing_and_ends_what_it_began() -> None:
    run = simulate(np.array([0.0, 5.0, 95.0, 150.0]), np.full(4, 10.0), [[Down(begin=8.0, end=100.0)]])
    assert run.waits.tolist() == [0.0, 95.0, 15.0, 0.0]


def test_a_job_whose_worker_dies_is_done_by_another_when_its_lease_ends() -> None:
    down = Down(begin=4.0, end=1000.0, kills=True)
    run = simulate(np.array([0.0, 20.0]), np.array([10.0, 30.0]), [[down], []])
    assert run.waits.tolist() == [4.0 + LEASE_SECONDS + 11.0, 0.0]  # the other is at the second job until 50
    assert run.busy == 44.0


def test_a_dead_worker_that_is_alone_comes_back() -> None:
    run = simulate(np.array([0.0]), np.array([10.0]), [[Down(begin=4.0, end=60.0, kills=True)]])
    assert run.waits.tolist() == [60.0]


def test_workers_rest_in_turn_every_night_and_die_now_and_then() -> None:
    first, second = downtimes(2, np.random.default_rng(0))
    for downs, hour in ((first, 3), (second, 4)):
        assert sum(not down.kills for down in downs) >= DAYS - 3
        assert {(down.begin % DAY) / HOUR for down in downs if not down.kills} == {hour}
        assert 20 < sum(down.kills for down in downs) < 90
        assert all(before.end <= after.begin for before, after in itertools.pairwise(downs))
        assert downs[-1].end <= YEAR + HOUR
    assert first != second
