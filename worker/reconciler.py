"""Looks, every few seconds, for work that a fault left behind. What it does is safe to do twice, or by two at once."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from db import deliveries, instances, jobs, studies, tallies
from db.engine import transaction
from screening import failpoints
from screening.errors import DatabaseUnavailable, Permanent, Retryable
from screening.faults import describe
from worker import audit_head, spool_owner
from worker.audit_reports import report_received
from worker.celery_app import DELIVER_QUEUE
from worker.commitment import look_up, make_sure
from worker.indexing import give_up, index_received
from worker.intake import intake_quiet
from worker.ports import Ports

_log = logging.getLogger(__name__)

_RING_AGAIN_SECONDS = 10
"""A row that was rung for, and still waits while its queue stands empty, has lost its message."""

_STILL_OPEN_SECONDS = 0.5
"""How soon it is looked again whether the association has ended for which a study waits alone."""

_A_LITTLE_LATER = 0.001  # seconds: than the moment itself, whose microseconds are rounded

_NEVER_SECONDS = 10 * 365 * 86400

_ORPHAN_SECONDS = 600
"""A spool file without a row is left alone for so long: its reception may not have ended."""

_ASK_AGAIN_SECONDS = 60
"""How often destinations are asked about what they have not confirmed."""

_FAULTS = 3
"""A file that could not be read in so many counted rounds is given up, so that other studies go on."""

_FAULT_SECONDS = 30
"""Rounds are counted so far apart: they follow each other quickly while images arrive, and a disk may come back."""

_SWEEP_SECONDS = 300
"""How often the spool is swept."""

_SWEPT_IN_A_ROUND = 5
"""Thousands of files that a sweep looks at in one round: other steps do not wait for a spool of millions."""

_INDEX_SECONDS = 10
"""Then the other steps have their turn, although more waits to be indexed."""


class Reconciler:
    """The loop: index, intake, ring for jobs and deliveries, take back leases, follow up commitments, sweep, fold."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._awake = threading.Event()
        self._stopped = threading.Event()
        self._next_sweep = self._next_question = self._next_count = ports.clock()
        self._old_names: Iterator[list[str]] | None = None  # of the sweep that is under way
        self._faults: dict[int, int] = {}  # by instance row: in how many counted rounds its file could not be read

    def wake(self) -> None:
        """Run the next round now, e.g. because an instance was stored."""
        self._awake.set()

    def stop(self) -> None:
        """End the loop after the present round."""
        self._stopped.set()
        self._awake.set()

    def run(self) -> None:
        """Loop until stopped. A database that is down is waited for."""
        while not self._stopped.is_set():
            self.round()
            self._awake.wait(self._pause())
            self._awake.clear()

    def round(self) -> None:
        """Do everything once. A step that fails is logged and does not stop the others."""
        for step in (
            self._index, self._take_in, self._expire, self._ring_jobs, self._ring_deliveries,
            self._commitments, self._sweep, self._report_received, self._remember_audit_head, self._fold_tallies,
        ):  # fmt: skip
            self._guarded(step)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run a step; a fault in it must not stop the others."""
        try:
            step()
        except (Retryable, Permanent) as exc:
            _log.warning("the reconciler could not do a step: %s", exc)
        except Exception as exc:  # noqa: BLE001 (the loop is what guarantees that nothing is left behind)
            _log.error("a step of the reconciler failed: %s", describe(exc))

    def _pause(self) -> float:
        """Seconds until the next round: the usual ones, or fewer where a study becomes quiet before they are over."""
        settings, at = self._ports.settings, self._ports.clock()
        usual = min(settings.worker.reconcile_seconds, max(settings.node.quiet_seconds / 2, 0.2))
        try:
            with transaction(self._ports.sessions, read_only=True) as session:
                quiet = studies.next_quiet(session, quiet_seconds=settings.node.quiet_seconds, now=at)
        except DatabaseUnavailable:
            return usual
        if quiet is None:
            return usual
        return min(usual, (quiet - at).total_seconds() + _A_LITTLE_LATER if quiet > at else _STILL_OPEN_SECONDS)

    def _index(self) -> None:
        failing: set[int] = set()
        enough = self._ports.clock() + timedelta(seconds=_INDEX_SECONDS)
        while index_received(self._ports, failing) and not self._stopped.is_set():
            if self._ports.clock() >= enough:
                self._awake.set()  # the next round follows at once
                break
        if self._ports.clock() < self._next_count:
            return
        self._next_count = self._ports.clock() + timedelta(seconds=_FAULT_SECONDS)
        if failing and not self._ports.spool.works():
            return  # the whole disk is out: wait for it, and give up nothing
        self._faults = {row: self._faults.get(row, 0) + 1 for row in failing}
        give_up(self._ports, sorted(row for row, faults in self._faults.items() if faults >= _FAULTS))

    def _take_in(self) -> None:
        """Take in, and ring for what was opened at once: what is done for lost messages comes later in the round."""
        for queue in sorted({queue for _, queue in intake_quiet(self._ports)}):
            if not self._ring(queue, _NEVER_SECONDS):
                return

    def _expire(self) -> None:
        with transaction(self._ports.sessions) as session:
            jobs.expire_leases(session, self._ports.settings.worker.maximum_attempts)
            deliveries.expire_leases(session)

    def _ring_jobs(self) -> None:
        """Ring for new jobs, and again for old ones whose message is lost; a broker that is down ends the round."""
        with transaction(self._ports.sessions) as session:
            queues = jobs.waiting_queues(session)
        for queue in queues:
            if not self._ring(queue, self._again_after(queue)):
                return

    def _ring(self, queue: str, again_after_seconds: float) -> bool:
        """Ring for the jobs of a queue; False when the broker does not answer."""
        with transaction(self._ports.sessions) as session:
            waiting = jobs.to_enqueue(session, queue, again_after_seconds=again_after_seconds)
        if waiting:
            failpoints.hit("reconciler.after-mark")
        return all(self._ports.bell.screen(job_id, queue) for job_id in waiting)

    def _ring_deliveries(self) -> None:
        again = self._again_after(DELIVER_QUEUE)
        with transaction(self._ports.sessions) as session:
            waiting = deliveries.due(session, again_after_seconds=again)
        for delivery_id in waiting:
            if not self._ports.bell.deliver(delivery_id):
                return

    def _again_after(self, queue: str) -> float:
        """Seconds after which a row is rung for again: soon only while its queue stands empty."""
        return _RING_AGAIN_SECONDS if self._ports.bell.depth(queue) == 0 else _NEVER_SECONDS

    def _commitments(self) -> None:
        """Ask again about what was sent and never confirmed, now and then: each question is an association."""
        at = self._ports.clock()
        if at < self._next_question:
            return
        self._next_question = at + timedelta(seconds=_ASK_AGAIN_SECONDS)
        overdue = at - timedelta(seconds=self._ports.settings.delivery.commitment_seconds)
        for destination in self._ports.settings.destinations:
            if destination.commitment == "none":
                continue
            with transaction(self._ports.sessions) as session:
                late = deliveries.commitment_overdue(session, destination.name, overdue)
            self._guarded(partial(make_sure, self._ports, destination))
            self._guarded(partial(look_up, self._ports, destination, late))

    def _report_received(self) -> None:
        report_received(self._ports)

    def _remember_audit_head(self) -> None:
        audit_head.remember(self._ports)

    def _sweep(self) -> None:
        """Look at the next files of the spool, or begin anew when it is time."""
        if self._old_names is None:
            if self._ports.clock() < self._next_sweep:
                return
            self._next_sweep = self._ports.clock() + timedelta(seconds=_SWEEP_SECONDS)
            if (why := spool_owner.trouble(self._ports.sessions, self._ports.settings.spool)) is not None:
                _log.warning("the spool is not swept: %s", why)
                return
            self._old_names = self._ports.spool.old_names(_ORPHAN_SECONDS)
        for _ in range(_SWEPT_IN_A_ROUND):
            names = next(self._old_names, None)
            if names is None:
                self._old_names = None
                return
            self._remove_orphans(names)

    def _remove_orphans(self, names: list[str]) -> None:
        """Remove what an interrupted reception left: it was never acknowledged, and its sender keeps it."""
        with transaction(self._ports.sessions, read_only=True) as session:
            orphans = instances.unknown_spool_names(session, names)
        for name in sorted(orphans):
            _log.warning("spool file %s is removed: it has no row and was never acknowledged, or was purged", name)
            self._ports.spool.remove(name)

    def _fold_tallies(self) -> None:
        with transaction(self._ports.sessions, read_only=True) as session:
            if tallies.lines(session) < tallies.ENOUGH:
                return
        with transaction(self._ports.sessions) as session:
            tallies.fold(session)
