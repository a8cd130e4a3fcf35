"""The gate before the spool: while an operator has paused intake, nothing gets past it, as if the disk were full."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from dicom_node.arrival import Unfinished
from screening.errors import DatabaseUnavailable, IntakePaused

logger = logging.getLogger(__name__)


class Storage(Protocol):
    """The part of the spool that reception needs."""

    def begin(self) -> Unfinished:
        """A new file."""
        ...


class Gate:
    """A storage that begins nothing while it is closed. What has begun is taken to its end.

    Whether it is closed is looked up from time to time, by somebody else: no reception waits for that answer.

    Parameters
    ----------
    storage
        What lies behind it.
    is_paused
        Asks whether intake is paused; raises DatabaseUnavailable when nobody knows.
    """

    def __init__(self, storage: Storage, is_paused: Callable[[], bool]) -> None:
        self._storage = storage
        self._is_paused = is_paused
        self._closed = False

    def begin(self) -> Unfinished:
        """A new file.

        Raises
        ------
        IntakePaused
            While it is closed.
        SpoolUnavailable
            As the storage does.
        """
        if self._closed:
            raise IntakePaused("intake is paused by an operator")
        return self._storage.begin()

    def look(self) -> None:
        """Open or close, as the operators want it; raises DatabaseUnavailable when nobody knows."""
        closed = self._is_paused()
        if closed is not self._closed:
            logger.warning("intake is %s by an operator", "paused" if closed else "resumed")
        self._closed = closed

    def keep_looking(self, wait: Callable[[float], bool], seconds: float) -> None:
        """Look again and again until `wait` says that it is enough. While the database is down it stays as it is."""
        while not wait(seconds):
            with suppress(DatabaseUnavailable):
                self.look()
