"""What the database does not know: whether the broker answers, and how much room the disk has."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dicom_node import disk
from screening.settings import Settings

_SECONDS = 10.0  # a header strip asks every few seconds, for each browser that shows one


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What was found."""

    ok: bool
    detail: str


class Probes:
    """Looks at what is beside the database.

    Parameters
    ----------
    settings
        Where it is.
    ping
        Asks the broker; raises what its client raises.
    """

    def __init__(self, settings: Settings, ping: Callable[[str], None] | None = None) -> None:
        self._settings = settings
        self._ping = ping or _ping_redis
        self._lock = threading.Lock()
        self._broker: tuple[float, Probe] | None = None

    def broker(self) -> Probe:
        """Whether the broker answers."""
        if self._settings.embedded:
            return Probe(ok=True, detail="in this process")
        with self._lock:
            if self._broker is None or time.monotonic() - self._broker[0] > _SECONDS:
                self._broker = time.monotonic(), self._ask()
            return self._broker[1]

    def disk(self, conditions: Mapping[str, Any]) -> dict[str, Any]:
        """The spool's disk, as `opportune status` tells it."""
        return disk.look(self._settings, conditions)

    def _ask(self) -> Probe:
        try:
            self._ping(self._settings.broker)
        except Exception as exc:  # noqa: BLE001 (the client has its own errors, and their text may hold a password)
            return Probe(ok=False, detail=f"does not answer ({type(exc).__name__})")
        return Probe(ok=True, detail="answers")


def _ping_redis(url: str) -> None:
    from redis import Redis  # noqa: PLC0415 (not needed where the broker is in the process)

    address = url.replace("redis+socket://", "unix://", 1)  # Celery's name for it, and the client's
    client = Redis.from_url(address, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    finally:
        client.close()
