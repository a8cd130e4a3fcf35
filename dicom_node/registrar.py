"""Writes down associations and received objects: what waits at the same moment is committed together.

A commit takes about as long as the disk needs to flush a file, so it is begun while the file is flushed, and not after.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from dicom_node.entries import AssociationEntry, Registration
from screening.errors import DatabaseUnavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What is written in one transaction."""

    opened: Sequence[AssociationEntry] = ()  #: associations that are not written yet
    received: Sequence[Registration] = ()  #: objects; their associations are written, or among those opened
    closed: Sequence[AssociationEntry] = ()  #: associations that ended, likewise


@dataclass(frozen=True, slots=True)
class _Waiting:
    association: AssociationEntry
    registration: Registration | None = None
    ends: bool = False
    written: "Future[None]" = field(default_factory=Future)


class Registrar:
    """Has a thread of its own in which everything is written, in the order in which it came.

    Parameters
    ----------
    write
        Writes a batch in one transaction, all or nothing, and gives the associations that it opens their numbers.
    """

    def __init__(self, write: Callable[[Batch], None]) -> None:
        self._write = write
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="registrar", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """Write what waits, for at most so many seconds. Nothing may come any more."""
        if self._thread.ident is not None:
            self._waiting.put(None)
            self._thread.join(seconds)

    def begin(self, registration: Registration) -> "Future[None]":
        """Have an object written, and its association before it if need be.

        The result is there when it is committed, and raises what `write` raised.
        """
        return self._put(_Waiting(registration.association, registration))

    def open(self, association: AssociationEntry) -> "Future[None]":
        """Have an association written, if it is not yet; the result as of `begin`."""
        return self._put(_Waiting(association))

    def close(self, association: AssociationEntry) -> "Future[None]":
        """Have its end written; the result as of `begin`. Whatever it brings from now on is refused."""
        return self._put(_Waiting(association, ends=True))

    def _put(self, waiting: _Waiting) -> "Future[None]":
        self._waiting.put(waiting)
        return waiting.written

    def _run(self) -> None:
        going = True
        while going:
            together = [self._waiting.get()]
            with suppress(queue.Empty):
                while True:
                    together.append(self._waiting.get_nowait())
            going = None not in together
            self._write_all([one for one in together if one is not None])

    def _write_all(self, together: list[_Waiting]) -> None:
        if together and not self._settle(together):
            for one in together:  # what is wrong with one must not be the others' fault
                self._settle([one])

    def _settle(self, together: list[_Waiting]) -> bool:
        """Write some and tell who waits for them; False, and nobody is told, if they are to be tried one by one."""
        failure: Exception | None = None
        try:
            self._write(_batch(together))
        except Exception as exc:  # noqa: BLE001 (it is for who waits)
            if len(together) > 1 and not isinstance(exc, DatabaseUnavailable):
                return False
            failure = exc
        for one in together:
            if failure is None:
                one.association.over = one.association.over or one.ends
                one.written.set_result(None)
            else:
                one.written.set_exception(failure)
        return True


def _batch(together: Sequence[_Waiting]) -> Batch:
    """What is to be written of it. ValueError for an object of an association that is over."""
    if any(one.registration is not None and one.association.over for one in together):
        raise ValueError("an object came after the end of its association was written")
    associations = dict.fromkeys(one.association for one in together if not one.association.over)
    return Batch(
        opened=[association for association in associations if association.number is None],
        received=[one.registration for one in together if one.registration is not None],
        closed=[one.association for one in together if one.ends],
    )
