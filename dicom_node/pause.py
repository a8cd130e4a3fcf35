"""Keeps the thread of an association that we opened from taking the response that we wait for.

pynetdicom's own thread of an association takes whatever message has come, and drops a response. Whoever sends a request
stops it by clearing an event, and goes on when `_is_paused` is true. But that flag is also true for a thread that was
let go a moment ago and has not run since. On a loaded machine such a thread took the response to the next request, and
the peer seemed not to answer: one C-STORE in some hundred.
"""

import threading

_LOOK_SECONDS = 0.05
"""How often whoever waits for the thread looks whether it still lives."""


class Pause(threading.Event):
    """In the place of the event that an association's thread waits for in each round of its loop.

    `clear` returns when the thread stands still, or has ended: it is held from then on, until `set`. Each `set` lets it
    do one round at least, in which it serves what the peer asks of us.
    """

    def __init__(self, thread: threading.Thread) -> None:
        super().__init__()
        self._thread = thread
        self._changed = threading.Condition()
        self._open = True
        self._times_set = 0
        self._stands: int | None = None  #: how often it was set before the thread came to stand; None: it runs

    def is_set(self) -> bool:
        """Whether the thread may go on."""
        return self._open

    def set(self) -> None:
        """Let the thread go on."""
        with self._changed:
            self._open = True
            self._times_set += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Stop the thread, and wait until it stands. Called by itself, it stops at its next `wait`."""
        with self._changed:
            self._open = False
            while (
                self._stands != self._times_set
                and self._thread.is_alive()
                and threading.current_thread() is not self._thread
            ):
                self._changed.wait(_LOOK_SECONDS)

    def wait(self, timeout: float | None = None) -> bool:
        """Stand while it is cleared, and has not been set since."""
        with self._changed:
            self._stands = before = self._times_set
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._open or self._times_set != before, timeout)
            finally:
                self._stands = None
