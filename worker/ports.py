"""What the worker's functions are handed: built once by `worker.bootstrap`, faked in tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from db.engine import Sessions
from dicom_node.spool import Spool
from screening.clock import now
from screening.settings import Settings


class Ringer(Protocol):
    """Rings the bell for a row; False when nobody heard."""

    def screen(self, job_id: int, queue: str) -> bool:
        """Ring for a job."""
        ...

    def deliver(self, delivery_id: int) -> bool:
        """Ring for a delivery."""
        ...

    def depth(self, queue: str) -> int | None:
        """Messages that wait in a queue, None when the broker does not answer."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """The node's parts."""

    settings: Settings
    sessions: Sessions
    spool: Spool
    bell: Ringer
    clock: Callable[[], datetime] = now
