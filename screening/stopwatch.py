"""A stopwatch for the stages of a run. Where nobody listens, a stage costs a look at a variable and nothing else."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from screening.stages import Stages

P = ParamSpec("P")
R = TypeVar("R")


class Stopwatch:
    """Seconds by stage. A stage that begins within another stops that one's clock until it ends.

    clock: seconds from any moment, never backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    @property
    def stages(self) -> Stages:
        """What was measured, of stages that have ended."""
        return Stages({name: value for name, value in self._seconds.items() if name not in self._open})

    def begin(self, name: str) -> None:
        """Begin a stage; a name may come again, its seconds add up."""
        self._pass_on()
        self._seconds.setdefault(name, 0.0)
        self._open.append(name)

    def end(self) -> None:
        """End the stage that began last."""
        self._pass_on()
        self._open.pop()

    def _pass_on(self) -> None:
        """Give the time since the last call to the stage that ran."""
        moment = self._clock()
        if self._open:
            self._seconds[self._open[-1]] += max(0.0, moment - self._since)
        self._since = moment


_listening: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


@contextmanager
def listening(clock: Callable[[], float] = time.perf_counter) -> Iterator[Stopwatch]:
    """Measure the stages of this thread for the length of the block."""
    watch = Stopwatch(clock)
    token = _listening.set(watch)
    try:
        yield watch
    finally:
        _listening.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the block's seconds under this name, see `Stages`; also when it raises."""
    watch = _listening.get()
    if watch is None:
        yield
        return
    watch.begin(name)
    try:
        yield
    finally:
        watch.end()


@contextmanager
def one_at_a_time(lock: threading.Lock) -> Iterator[None]:
    """Hold the lock for the length of the block. Until it was free counts as the stage `wait`, if it was not."""
    if not lock.acquire(blocking=False):
        with stage("wait"):
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def timed(name: str, function: Callable[P, R]) -> Callable[P, R]:
    """The function, whose calls count as a stage."""

    def counted(*arguments: P.args, **named: P.kwargs) -> R:
        with stage(name):
            return function(*arguments, **named)

    return counted
