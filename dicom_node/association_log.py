"""The ledger of associations, kept off the network threads where nobody waits for it.

Opening is written at once, as receptions refer to it. Refusals and ends are written by a thread of its own, which tries
again while the database is down: an association that stays open in the ledger would keep its studies from being quiet.
"""

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from dicom_node.ledger import Ledger, RejectedContext
from screening.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)

MAXIMUM_BACKLOG = 1000
"""Refusals waiting to be written; beyond it they are only counted."""


class Alive(Protocol):
    """The thread of an association."""

    def is_alive(self) -> bool:
        """Whether it still runs."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """Who associates with whom."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    certificate: str = ""  #: its subject and fingerprint; empty without TLS


@dataclass(slots=True)
class _Entry:
    party: Party
    rejected_contexts: Sequence[RejectedContext]
    association_id: int | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)  #: who reads and who serves may both open it
    ended: str = "connection lost"  #: unless we learn better


class AssociationLog:
    """Writes what becomes of associations.

    Parameters
    ----------
    ledger
        Where to.
    poll_seconds
        How often ended associations and refusals are looked for.
    """

    def __init__(self, ledger: Ledger, poll_seconds: float = 0.1) -> None:
        self._ledger = ledger
        self._poll_seconds = poll_seconds
        self._entries: dict[Alive, _Entry] = {}  # each is touched by its own two threads while they are alive
        self._refusals: queue.Queue[tuple[Party, str]] = queue.Queue(MAXIMUM_BACKLOG)
        self._unwritten: Counter[tuple[Party, str]] = Counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="association-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """Write what is left, for at most so many seconds; the rest is closed as stale at the next start."""
        self._stopping.set()
        self._thread.join(seconds)

    def accepted(self, thread: Alive, party: Party, rejected_contexts: Sequence[RejectedContext]) -> None:
        """An association was accepted. Without a database it goes on, and the first object of it opens it."""
        self._entries[thread] = _Entry(party=party, rejected_contexts=rejected_contexts)
        try:
            self.number(thread)
        except DatabaseUnavailable as exc:
            logger.error("association not written: %s", type(exc).__name__)

    def number(self, thread: Alive) -> int:
        """The association's number in the ledger; called in its threads.

        Raises
        ------
        DatabaseUnavailable
            If it could not be opened so far, and cannot now.
        """
        entry = self._entries[thread]
        with entry.opening:
            if entry.association_id is None:
                entry.association_id = self._ledger.open_association(
                    calling_ae_title=entry.party.calling_ae_title,
                    called_ae_title=entry.party.called_ae_title,
                    address=entry.party.address,
                    rejected_contexts=entry.rejected_contexts,
                )
            return entry.association_id

    def ending(self, thread: Alive, ended: str) -> None:
        """How an association ends; it is closed when its thread is through with what it received."""
        entry = self._entries.get(thread)
        if entry is not None:
            entry.ended = ended

    def refused(self, party: Party, reason: str) -> None:
        """An association was refused."""
        try:
            self._refusals.put_nowait((party, reason))
        except queue.Full:
            logger.warning("a refused association is not written: too many wait")

    @property
    def open_associations(self) -> int:
        """How many are not closed in the ledger yet."""
        return len(self._entries)

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            self._write()
        self._write()

    def _write(self) -> None:
        """Write all there is; what the database does not take now waits for the next time."""
        while True:
            try:
                self._unwritten[self._refusals.get_nowait()] += 1
            except queue.Empty:
                break
        try:
            for refusal in list(self._unwritten):
                self._written(partial(self._write_refusal, *refusal))
                del self._unwritten[refusal]
            for thread in [thread for thread in list(self._entries) if not thread.is_alive()]:
                self._written(partial(self._write_end, self._entries[thread]))
                del self._entries[thread]
        except DatabaseUnavailable as exc:
            logger.error("ends and refusals of associations wait to be written: %s", type(exc).__name__)

    def _written(self, write: Callable[[], None]) -> None:
        """Write one thing. A fault of ours in it must not keep the others from being written, ever after."""
        try:
            write()
        except DatabaseUnavailable:
            raise
        except Exception as exc:  # noqa: BLE001
            logger.error("an association is not written: %s", type(exc).__name__)

    def _write_refusal(self, party: Party, reason: str) -> None:
        """One row for each party and reason, however often it came meanwhile."""
        times = self._unwritten[party, reason]
        self._ledger.refuse_association(
            calling_ae_title=party.calling_ae_title,
            called_ae_title=party.called_ae_title,
            address=party.address,
            certificate=party.certificate,
            reason=reason if times == 1 else f"{reason} ({times} times)",
        )

    def _write_end(self, entry: _Entry) -> None:
        if entry.association_id is not None:
            self._ledger.close_association(entry.association_id, entry.ended)
