"""Renews a lease while work goes on: a worker that stops renewing is taken to be dead."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from db.engine import Sessions, transaction
from screening.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)


@contextmanager
def heartbeat(sessions: Sessions, seconds: float, renew: Callable[[Session], bool]) -> Iterator[threading.Event]:
    """Call `renew` every so many seconds while the block runs.

    The event that the block gets is set when `renew` answers False: the lease is lost. A database that does not
    answer is tried again at the next beat.
    """
    lost, done = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(seconds):
            try:
                with transaction(sessions) as session:
                    if not renew(session):
                        lost.set()
                        return
            except DatabaseUnavailable as exc:
                _log.warning("a lease could not be renewed: %s", exc)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()
