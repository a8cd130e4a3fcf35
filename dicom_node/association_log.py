"""The ledger of associations, kept off the network threads where nobody waits for it.

An association is written with the first object that it brings. Associations that bring nothing, refusals and ends are
written by a thread of its own, which tries again while the database is down: an association that stays open in the
ledger would keep its studies from being quiet.
"""

import logging
import queue
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from dicom_node.entries import AssociationEntry, RejectedContext
from dicom_node.ledger import Ledger
from dicom_node.registrar import Registrar
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


class AssociationLog:
    """Writes what becomes of associations.

    Parameters
    ----------
    ledger
        Where refusals go.
    registrar
        Has associations and their ends written.
    poll_seconds
        How often ended associations and refusals are looked for.
    """

    def __init__(self, ledger: Ledger, registrar: Registrar, poll_seconds: float = 0.1) -> None:
        self._ledger = ledger
        self._registrar = registrar
        self._poll_seconds = poll_seconds
        self._entries: dict[Alive, AssociationEntry] = {}
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
        """An association was accepted."""
        self._entries[thread] = AssociationEntry(
            calling_ae_title=party.calling_ae_title,
            called_ae_title=party.called_ae_title,
            address=party.address,
            rejected_contexts=rejected_contexts,
        )

    def entry(self, thread: Alive) -> AssociationEntry:
        """What is written of an association. KeyError if it was not accepted, or is over."""
        return self._entries[thread]

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
            for party, reason in list(self._unwritten):
                self._write_refusal(party, reason)
            self._write_associations()
        except DatabaseUnavailable as exc:
            logger.error("associations, their ends and refusals wait to be written: %s", type(exc).__name__)

    def _write_associations(self) -> None:
        """Ends, and associations that are there for a while and have brought nothing. All together are one commit."""
        waiting: list[tuple[Alive | None, Future[None]]] = []
        for thread, entry in list(self._entries.items()):
            if not thread.is_alive():
                waiting.append((thread, self._registrar.close(entry)))
            elif entry.number is None and entry.age >= self._poll_seconds:
                waiting.append((None, self._registrar.open(entry)))
        failure: DatabaseUnavailable | None = None
        for over, written in waiting:
            try:
                written.result()
            except DatabaseUnavailable as exc:
                failure = exc
                continue
            except Exception as exc:  # noqa: BLE001 (a fault of ours in one must not keep the others from being written)
                logger.error("an association is not written: %s", type(exc).__name__)
            if over is not None:
                del self._entries[over]
        if failure is not None:
            raise failure

    def _write_refusal(self, party: Party, reason: str) -> None:
        """One row for each party and reason, however often it came meanwhile."""
        times = self._unwritten[party, reason]
        try:
            self._ledger.refuse_association(
                calling_ae_title=party.calling_ae_title,
                called_ae_title=party.called_ae_title,
                address=party.address,
                certificate=party.certificate,
                reason=reason if times == 1 else f"{reason} ({times} times)",
            )
        except DatabaseUnavailable:
            raise
        except Exception as exc:  # noqa: BLE001 (a fault of ours in one must not keep the others from being written)
            logger.error("a refused association is not written: %s", type(exc).__name__)
        del self._unwritten[party, reason]
