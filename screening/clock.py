"""The only place that asks for the time."""

import time
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


_started, _steady = now(), time.monotonic()


def steady() -> datetime:
    """The moment this process started plus what has passed since: nobody sets it forward or back while we run."""
    return _started + timedelta(seconds=time.monotonic() - _steady)
