"""Runs that go side by side, and meet before a network, so that it sees their inputs as one batch.

Each run is a member with a thread of its own. Before a network it waits until every other member waits too, is inside
of a network, or has ended, and `PATIENCE_SECONDS` at most: one that is held up holds up nobody for long. Works without
torch.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from screening.stopwatch import stage

PATIENCE_SECONDS = 0.25
"""That a run waits for others; about what decoding and preparing a radiograph of 5 megapixels takes."""

X = TypeVar("X")
Y = TypeVar("Y")
Work = Callable[[list[X]], list[Y]]
"""Many inputs at once to as many results."""


@dataclass(eq=False)
class _Guest:
    """A run that waits before a network."""

    x: Any
    begun: bool = False  #: somebody passes its input through the network
    done: bool = False
    result: Any = None
    error: Exception | None = None


class Company:
    """So many runs that belong together.

    Parameters
    ----------
    members
        How many there are; each enters `member` once.
    patience
        Seconds that a run waits for others.
    """

    def __init__(self, members: int, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._on_the_way = members  # neither ended nor at a network
        self._waiting: dict[Hashable, list[_Guest]] = {}
        self._changed = threading.Condition()

    @contextmanager
    def member(self) -> Iterator[None]:
        """The block is one of the runs; the others do not wait for it any more when it has ended, or has left."""
        token = _own.set(self)
        try:
            yield
        finally:
            leave_company()
            _own.reset(token)

    def _lose_one(self) -> None:
        with self._changed:
            self._on_the_way -= 1
            self._changed.notify_all()

    def meet(self, place: Hashable, x: X, work: "Work[X, Y]") -> Y:
        """The result for x, worked out together with what other members bring to the same place.

        Where the work fails for several, it is done for each alone: only whose own fails gets the error.
        """
        guest = _Guest(x)
        with self._changed:
            self._waiting.setdefault(place, []).append(guest)
            self._on_the_way -= 1
            self._changed.notify_all()
            with stage("wait"):
                self._wait_for_others(guest)
            group = [] if guest.begun else self._waiting.pop(place)
            for one in group:
                one.begun = True
        if group:
            _work_out(group, work)
        with self._changed:
            if group:
                self._on_the_way += len(group)  # at once: who is first at the next network waits for the others
                for one in group:
                    one.done = True
                self._changed.notify_all()
            while not guest.done:
                self._changed.wait()
        if guest.error is not None:
            raise guest.error
        result: Y = guest.result
        return result

    def _wait_for_others(self, guest: _Guest) -> None:
        until = time.monotonic() + self._patience
        while not guest.begun and self._on_the_way and (left := until - time.monotonic()) > 0:
            self._changed.wait(left)


def _work_out(group: list[_Guest], work: "Work[Any, Any]") -> None:
    try:
        for guest, result in zip(group, work([guest.x for guest in group]), strict=True):
            guest.result = result
    except Exception as exc:  # noqa: BLE001 (raised again in the thread of the run whose it is)
        if len(group) == 1:
            group[0].error = exc
        else:
            for guest in group:
                _work_out([guest], work)


_own: ContextVar[Company | None] = ContextVar("company", default=None)


def leave_company() -> None:
    """Say that the present run comes to no network any more."""
    company = _own.get()
    if company is not None:
        _own.set(None)
        company._lose_one()


def own_company() -> Company | None:
    """The company that the present run is a member of, None where it is alone."""
    return _own.get()
