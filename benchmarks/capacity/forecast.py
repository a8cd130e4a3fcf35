"""What a network of hospitals waits for with so many workers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.capacity.queueing import Seconds, downtimes, simulate
from benchmarks.capacity.service_times import BOOKKEEPING_SECONDS, Measured
from benchmarks.capacity.traffic import HOUR, SHARES, YEAR, Network, Traffic, traffic

WORKERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)

GOAL_SECONDS = 300.0
"""What 95 of 100 jobs shall wait at most."""

DONE_SECONDS = 600.0

NOTHING_SECONDS = 0.05
"""Less than that is no wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """Seconds from being quiet to the begin of the run."""

    median: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, waits: Seconds) -> "Waits":
        """Of these jobs."""
        median, p95, p99 = np.percentile(waits, [50, 95, 99])
        return cls(median=float(median), p95=float(p95), p99=float(p99), longest=float(waits.max()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """A year with so many workers."""

    workers: int
    utilisation: float  #: share of the workers' time that they are busy
    year: Waits
    busiest_hour: Waits
    done: float  #: share of the jobs that have a result DONE_SECONDS after their study was quiet


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    """The jobs of a year and how long each takes."""

    network: Network
    traffic: Traffic
    services: Seconds

    @property
    def load(self) -> float:
        """Workers that would be busy all the time, on average over the year (Erlang)."""
        return float(self.services.sum() / YEAR)

    @property
    def busiest_hour(self) -> tuple[int, int]:
        """Number of the clock hour in which most jobs came, and how many these were."""
        counts = np.bincount((self.traffic.moments // HOUR).astype(int))
        return int(counts.argmax()), int(counts.max())


def year_of(network: Network, measured: Measured, seed: int) -> Year:
    """Draw a year of a network."""
    rng = np.random.default_rng([seed, network.studies])
    drawn = traffic(network, rng)
    services = np.empty(len(drawn.moments))
    for place, model in enumerate(SHARES):
        mine = drawn.models == place
        services[mine] = measured.models[model].draw(rng, int(mine.sum())) + BOOKKEEPING_SECONDS
    return Year(network=network, traffic=drawn, services=services)


def forecast(year: Year, workers: int, seed: int, slower: float = 1.0) -> Forecast:
    """Let so many workers do the year's jobs; slower: so many times as slowly as was measured."""
    rng = np.random.default_rng([seed, workers])
    services = year.services * slower
    run = simulate(year.traffic.moments, services, downtimes(workers, rng))
    hour, _ = year.busiest_hour
    in_hour = (year.traffic.moments // HOUR).astype(int) == hour
    return Forecast(
        workers=workers,
        utilisation=run.busy / (workers * YEAR),
        year=Waits.of(run.waits),
        busiest_hour=Waits.of(run.waits[in_hour]),
        done=float(np.mean(run.waits + services <= DONE_SECONDS)),
    )


def fewest(year: Year, seed: int, slower: float = 1.0, most: int = WORKERS[-1]) -> int | None:
    """The fewest workers with which 95 of 100 jobs wait no longer than the goal; None: more than `most`."""
    least = max(1, int(year.load * slower))
    for workers in range(least, most + 1):
        if forecast(year, workers, seed, slower).year.p95 <= GOAL_SECONDS:
            return workers
    return None


def forecasts(year: Year, seed: int, slower: float = 1.0, counts: Sequence[int] = WORKERS) -> list[Forecast]:
    """For each number of workers, up to the one with which nobody waits any more."""
    found: list[Forecast] = []
    for workers in counts:
        found.append(forecast(year, workers, seed, slower))
        if max(found[-1].year.p99, found[-1].busiest_hour.longest) < NOTHING_SECONDS:
            break
    return found
