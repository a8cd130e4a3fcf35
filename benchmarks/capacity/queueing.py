"""Workers that take jobs from one queue, the first that came first: a discrete-event simulation.

What waits is known when a worker comes free, so jobs can be gone through in their order: each begins when it has come
and the earliest free worker is there. A worker that is taken down for maintenance ends its job before; one that dies
loses it, and another does it anew once its lease has run out.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from benchmarks.capacity.traffic import DAY, DAYS, HOUR, YEAR

Seconds = npt.NDArray[np.float64]

MAINTENANCE_HOURS = (3, 4)
"""At one of these, in turn, a worker begins no job for an hour each night: updates, backups. An assumption."""

RESTARTS = 52
"""How often in a year each worker dies, at any moment: an assumption, and a bad year."""

RESTART_SECONDS = 60.0
"""Until it is back, with PyTorch and weights loaded: an assumption; measured starts take a third of it."""

LEASE_SECONDS = 35.0
"""Until another may take its job: `worker.lease_seconds` and a round of the reconciler."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Down:
    """A time in which a worker does nothing. kills: what it was at is lost."""

    begin: float
    end: float
    kills: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What became of every job."""

    waits: Seconds  #: from being quiet to the begin of the run that ended well
    busy: float  #: seconds of all workers together, with what was lost


def simulate(moments: Seconds, services: Seconds, downs: Sequence[Sequence[Down]]) -> Run:
    """Let as many workers as there are lists of downtimes do the jobs.

    Parameters
    ----------
    moments
        When each job may begin, rising, seconds; shape (n,).
    services
        How long each takes, seconds; shape (n,).
    downs
        For each worker its downtimes, in order and apart from each other.
    """
    came, takes = moments.tolist(), services.tolist()
    free = [(0.0, worker) for worker in range(len(downs))]
    ahead = [list(reversed(mine)) for mine in downs]
    again: list[tuple[float, int]] = []
    begins = [0.0] * len(came)
    busy, following = 0.0, 0
    while following < len(came) or again:
        if again and (following == len(came) or again[0][0] <= came[following]):
            moment, job = heapq.heappop(again)
        else:
            moment, job = came[following], following
            following += 1
        begin, worker, down = _next_free(free, ahead, moment)
        end = begin + takes[job]
        if down is not None and down.kills and down.begin < end:
            heapq.heappush(free, (down.end, worker))
            heapq.heappush(again, (down.begin + LEASE_SECONDS, job))
            busy += down.begin - begin
        else:
            heapq.heappush(free, (end, worker))
            begins[job] = begin
            busy += takes[job]
    return Run(waits=np.array(begins) - moments, busy=busy)


def _next_free(free: list[tuple[float, int]], ahead: list[list[Down]], moment: float) -> tuple[float, int, Down | None]:
    """When the earliest worker can begin, which one it is, and its next downtime; it is taken off the heap."""
    while True:
        at, worker = heapq.heappop(free)
        begin, mine = max(at, moment), ahead[worker]
        while mine and mine[-1].end <= begin:
            mine.pop()
        if not mine or mine[-1].begin > begin:
            return begin, worker, mine[-1] if mine else None
        heapq.heappush(free, (mine[-1].end, worker))


def downtimes(workers: int, rng: np.random.Generator) -> list[list[Down]]:
    """A year's downtimes of so many workers: a nightly hour, and deaths of each at its own moments."""
    found = []
    for worker in range(workers):
        hour = MAINTENANCE_HOURS[worker % len(MAINTENANCE_HOURS)]
        nightly = [Down(begin=day * DAY + hour * HOUR, end=day * DAY + (hour + 1) * HOUR) for day in range(DAYS)]
        deaths = [
            Down(begin=float(at), end=float(at) + RESTART_SECONDS, kills=True)
            for at in rng.uniform(0, YEAR, rng.poisson(RESTARTS))
        ]
        found.append(_apart(sorted(chain(nightly, deaths))))
    return found


def _apart(downs: Sequence[Down]) -> list[Down]:
    """Leave out one that begins before the one before it has ended."""
    kept: list[Down] = []
    for down in downs:
        if not kept or down.begin >= kept[-1].end:
            kept.append(down)
    return kept
