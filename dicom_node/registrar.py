"""Registers received objects: those that wait at the same moment are committed together.

A commit takes about as long as the disk needs to flush a file, so it is begun while the file is flushed, and not after.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from screening.errors import DatabaseUnavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """An object that was received."""

    association_id: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    spool_name: str
    size: int  #: bytes of its file


class Registrar:
    """Has registrations written by a thread of its own.

    Parameters
    ----------
    write
        Writes them in one transaction, all or none.
    """

    def __init__(self, write: Callable[[Sequence[Registration]], None]) -> None:
        self._write = write
        self._waiting: deque[tuple[Registration, Future[None]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="registrar")

    def begin(self, registration: Registration) -> "Future[None]":
        """Have it written; the result is there when it is committed, and raises what `write` raised."""
        written: Future[None] = Future()
        self._waiting.append((registration, written))
        self._thread.submit(self._write_waiting)
        return written

    def _write_waiting(self) -> None:
        together = []
        while self._waiting:
            together.append(self._waiting.popleft())
        if together and not self._settle(together):
            for one in together:  # what is wrong with one must not be the others' fault
                self._settle([one])

    def _settle(self, together: "list[tuple[Registration, Future[None]]]") -> bool:
        """Write some and tell who waits for them; False, and nobody is told, if they are to be tried one by one."""
        failure: Exception | None = None
        try:
            self._write([registration for registration, _ in together])
        except Exception as exc:  # noqa: BLE001 (it is for who waits)
            if len(together) > 1 and not isinstance(exc, DatabaseUnavailable):
                return False
            failure = exc
        for _, written in together:
            if failure is None:
                written.set_result(None)
            else:
                written.set_exception(failure)
        return True
