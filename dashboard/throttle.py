"""How often an address may try to sign in."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_SECONDS = 60.0
_ADDRESSES = 10_000  # that are remembered; the longest silent is forgotten first


class Throttle:
    """Lets an address try so many times in a minute. Each process counts for itself; accounts lock in the database."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, address: str) -> bool:
        """Whether this address may try now; if so, it counts."""
        with self._lock:
            now = self._now()
            tries = self._tries.setdefault(address, deque())
            self._tries.move_to_end(address)
            while len(self._tries) > _ADDRESSES:
                self._tries.popitem(last=False)
            while tries and tries[0] <= now - _SECONDS:
                tries.popleft()
            if len(tries) >= self._per_minute:
                return False
            tries.append(now)
            return True
