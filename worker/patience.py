"""A role that starts while the database server is away waits for it, as it would if it had started a minute before."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from screening.errors import DatabaseUnavailable
from screening.settings import Settings

T = TypeVar("T")

_log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0


def when_database_answers(
    settings: Settings, action: Callable[[], T], sleep: Callable[[float], None] = time.sleep
) -> T:
    """Do the action, again and again until the database server answers; every vain try is logged.

    Raises
    ------
    DatabaseUnavailable
        If the database is a file (no `database_url`): waiting would not mend it.
    """
    while True:
        try:
            return action()
        except DatabaseUnavailable as exc:
            if settings.database_url is None:
                raise
            _log.warning("waiting for the database: %s", exc)
            sleep(PAUSE_SECONDS)
