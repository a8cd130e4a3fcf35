"""Runs the node: everything in one process, or one role of it."""

import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from celery import Celery
from celery.worker import WorkController

from dicom_node.listener import Listener
from screening.errors import ScreeningError
from worker import spool_owner
from worker.audit_reports import activity
from worker.bootstrap import Node
from worker.celery_app import DELIVER_QUEUE
from worker.monitoring.wiring import telling
from worker.patience import when_database_answers
from worker.presence import present
from worker.reconciler import Reconciler
from worker.sandbox.parent import Sandbox
from worker.sandbox.warming import Warming

_log = logging.getLogger(__name__)

_JOIN_SECONDS = 15
_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A node at work in this process."""

    port: int  #: DICOM port that it listens on
    reconciler: Reconciler


@contextmanager
def serving(node: Node) -> Iterator[Running]:
    """Run everything in this process for the length of the block."""
    queues = sorted({model.queue for model in node.settings.models.values()}) or ["screen"]
    with ExitStack() as stack:
        stack.enter_context(_sending_audit(node))
        sandbox = node.sandbox()
        stack.callback(sandbox.close)
        stack.enter_context(_warming(node))
        # two threads, so that a destination that is slow to answer does not hold up screening
        stack.enter_context(
            _consuming([(_celery_app(node, sandbox), queues), (_celery_app(node, sandbox), [DELIVER_QUEUE])])
        )
        when_database_answers(node.settings, partial(spool_owner.claim, node.ports))
        reconciler = node.reconciler()
        stack.enter_context(_looping(reconciler))
        stack.enter_context(_notifying(node))
        listener = node.listener(reconciler)
        port = _begin(listener, node)
        stack.callback(listener.stop)
        stack.enter_context(activity(node.ports, "serve"))
        if node.settings.metrics.enabled:
            told = stack.enter_context(telling(node.settings, node.ports.sessions))
            _log.info("metrics on port %d", told)
        stack.enter_context(present(node.ports.sessions, "serve"))
        yield Running(port=port, reconciler=reconciler)


def listen(node: Node) -> None:
    """Run the listener until a signal comes."""
    when_database_answers(node.settings, partial(spool_owner.claim, node.ports))
    listener = node.listener()
    port = _begin(listener, node)
    try:
        with activity(node.ports, "listener"), present(node.ports.sessions, "listener"):
            wait_for_signal(partial(_log.info, "listening on port %d as %s", port, node.settings.node.ae_title))
    finally:
        listener.stop()


def reconcile(node: Node) -> None:
    """Run the reconciler until a signal comes."""
    with (
        _sending_audit(node),
        activity(node.ports, "reconciler"),
        _looping(node.reconciler()),
        _notifying(node),
        present(node.ports.sessions, "reconciler"),
    ):
        wait_for_signal()


def consume(node: Node, queues: Sequence[str]) -> None:
    """Run a Celery worker over the queues in the main thread, until a signal comes."""
    sandbox = node.sandbox()
    try:
        if DELIVER_QUEUE not in queues:
            when_database_answers(node.settings, partial(spool_owner.when_seen, node.ports))
            sandbox.warm_up()
        app = _celery_app(node, sandbox)
        delivers = DELIVER_QUEUE in queues
        role = "delivery" if delivers else "worker"
        with (
            nullcontext() if delivers else _warming(node),
            activity(node.ports, role),
            present(node.ports.sessions, role),
        ):
            work_until_stopped(
                lambda: app.Worker(
                    pool="solo", concurrency=1, queues=list(queues), without_mingle=True, without_gossip=True,
                    loglevel=node.settings.log.level, quiet=True,
                )
            )  # fmt: skip
    finally:
        sandbox.close()


def work_until_stopped(make_worker: Callable[[], WorkController], sleep: Callable[[float], None] = time.sleep) -> None:
    """Run a Celery worker until it is told to stop; one that an error of the broker ended is made anew.

    Celery goes on by itself when the connection breaks, and ends at what it does not know, e.g. a Redis that is out of
    memory.
    """
    while True:
        worker = make_worker()
        worker.start()
        if not worker.exitcode:
            return
        _log.error("the broker ended the worker by an error; it starts again in %g s", _AGAIN_SECONDS)
        sleep(_AGAIN_SECONDS)


def wait_for_signal(announce: Callable[[], None] | None = None) -> None:
    """Wait for SIGINT or SIGTERM; announce: called as soon as one is heard, so that who reads it may send one."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    if announce is not None:
        announce()
    stopped.wait()


def _celery_app(node: Node, sandbox: Sandbox) -> Celery:
    return when_database_answers(node.settings, partial(node.celery_app, sandbox))


def _begin(listener: Listener, node: Node) -> int:
    """Start listening; the port."""
    # modules and settings never become garbage: whoever collects that of ended associations need not look at them
    gc.collect()
    gc.freeze()
    try:
        return when_database_answers(node.settings, listener.start)
    except OSError as exc:
        where = f"{node.settings.node.bind}:{node.settings.node.port}"
        raise ScreeningError(f"cannot listen on {where}: {exc.strerror}; see node.bind and node.port") from exc


class _Loop(Protocol):
    """What runs until it is told to stop."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


@contextmanager
def _in_thread(name: str, loop: _Loop) -> Iterator[None]:
    """Run it in a thread of its own for the length of the block."""
    thread = _start(name, loop.run)
    try:
        yield
    finally:
        loop.stop()
        _join(thread)


def _looping(reconciler: Reconciler) -> AbstractContextManager[None]:
    return _in_thread("reconciler", reconciler)


def _warming(node: Node) -> AbstractContextManager[None]:
    """Compile in the background what an engine lacks; torch runs the models until then."""
    return _in_thread("engine-warming", Warming(node.settings))


def _sending_audit(node: Node) -> AbstractContextManager[None]:
    return _in_thread("audit-sender", node.audit_sender())


def _notifying(node: Node) -> AbstractContextManager[None]:
    return _in_thread("notifier", node.notifier())


@contextmanager
def _consuming(workers: Sequence[tuple[Celery, Sequence[str]]]) -> Iterator[None]:
    """Run a Celery worker in a thread for each app and its queues."""
    from celery.worker import state  # noqa: PLC0415 (a module that is state; the listener's role needs none of it)

    threads = []
    for app, queues in workers:
        controller = app.WorkController(
            pool="solo", concurrency=1, queues=list(queues), hostname=f"{queues[0]}@opportune",
            without_mingle=True, without_gossip=True, without_heartbeat=True, loglevel="WARNING",
        )  # fmt: skip
        threads.append(_start(f"celery-{queues[0]}", partial(_work, app, controller)))
    try:
        yield
    finally:
        state.should_stop = 0  # what Celery's own signal handler does: every worker of the process leaves its loop
        for thread in threads:
            _join(thread)
        state.should_stop = None


def _work(app: Celery, controller: WorkController) -> None:
    """Run a worker in the present thread; Celery finds a task's app by asking which is current in the thread."""
    app.set_current()
    controller.start()


def _start(name: str, target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread


def _join(thread: threading.Thread) -> None:
    thread.join(_JOIN_SECONDS)
    if thread.is_alive():
        _log.warning("%s did not stop within %d s", thread.name, _JOIN_SECONDS)
