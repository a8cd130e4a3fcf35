"""What several models ask of the same volume, worked out for the first and remembered for the next."""

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from screening.images import Volume

R = TypeVar("R")


class Once(Generic[R]):
    """A function of a volume that remembers its last answer for as long as that volume is there.

    Only for volumes that nobody can change: where `hu` may be written to, it is worked out each time. The answer is
    handed out again and must not be changed either.
    """

    def __init__(self, function: Callable[[Volume], R]) -> None:
        self._function = function
        self._last: tuple[weakref.ref[object], tuple[float, float, float], R] | None = None

    def __call__(self, volume: Volume) -> R:
        """The function's answer."""
        last = self._last
        if last is not None and last[0]() is volume.hu and last[1] == volume.spacing:
            return last[2]
        found = self._function(volume)
        if not volume.hu.flags.writeable:
            self._last = weakref.ref(volume.hu, self._forget), volume.spacing, found
        return found

    def _forget(self, gone: object) -> None:
        if self._last is not None and self._last[0] is gone:
            self._last = None
