"""Says in the database, as long as a process runs, that it is there."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from db import processes
from db.engine import Sessions, database_now, transaction
from screening.errors import DatabaseUnavailable
from worker.leases import owner_name
from worker.version import SOFTWARE_VERSION

_log = logging.getLogger(__name__)

_JOIN_SECONDS = 10


@contextmanager
def present(sessions: Sessions, role: str, *, every_seconds: float = processes.BEAT_SECONDS) -> Iterator[None]:
    """Say for the length of the block that a process of this role runs, whether or not the database answers."""
    done = threading.Event()
    thread = threading.Thread(target=_beat, args=(sessions, role, every_seconds, done), name="presence", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(_JOIN_SECONDS)


def _beat(sessions: Sessions, role: str, every_seconds: float, done: threading.Event) -> None:
    name = owner_name()
    started_at: datetime | None = None
    while True:
        try:
            with transaction(sessions) as session:
                started_at = started_at or database_now(session)
                processes.beat(
                    session,
                    name,
                    role=role,
                    host=socket.gethostname(),
                    version=SOFTWARE_VERSION,
                    started_at=started_at,
                )
        except DatabaseUnavailable as exc:
            _log.warning("the process cannot say that it is there: %s", exc)
        if done.wait(every_seconds):
            break
    try:
        with transaction(sessions) as session:
            processes.ended(session, name)
    except DatabaseUnavailable as exc:
        _log.warning("the process cannot say that it ends: %s", exc)
