"""The child's side: `python -m worker.sandbox.confined LIMITS worker.sandbox.child FD THREADS SECONDS MODULE:CLASS`.

It has no database, no broker and no settings. It ends with its parent: the socket's end of file says so, and the
kernel where a codec keeps Python from hearing it. SECONDS: processor time for what is asked at a time, one request or
several that go side by side, over all threads.
"""

import importlib
import math
import os
import resource
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Protocol

from models.engines.company import Company
from screening import failpoints
from screening.errors import Permanent, Retryable
from screening.faults import describe
from screening.findings import Outcome
from screening.reports import Report
from screening.stopwatch import listening, stage
from worker.privacy import quiet_libraries
from worker.request import ScreenRequest
from worker.sandbox.protocol import TOGETHER, Answer, receive_json, send_answer, send_failure, send_json

_SPEAKING = threading.Lock()
"""An answer has several messages, and several threads may have one."""


class Runner(Protocol):
    """What turns a request into an outcome and its report."""

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        """Run one request. Several threads may call it at a time."""
        ...


def main() -> None:
    """Serve requests until the parent is gone."""
    quiet_libraries()
    failpoints.start(os.environ)
    descriptor, threads, seconds = (int(argument) for argument in sys.argv[1:4])
    module, _, name = sys.argv[4].partition(":")
    connection = Connection(descriptor)
    requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests), daemon=True).start()
    # imports torch: before the parent is told that we are ready
    pipeline: Runner = getattr(importlib.import_module(module), name)(threads=threads)
    send_json(connection, {"ready": True})
    while True:
        values = requests.get()
        allow_processor_time(seconds)
        if TOGETHER in values:
            _serve_together(connection, pipeline, values[TOGETHER])
        else:
            _serve(connection, pipeline, values)


def _serve_together(connection: Connection, pipeline: "Runner", batch: Sequence[dict[str, Any]]) -> None:
    """Each in a thread of its own. An answer is sent as soon as it is there."""
    company = Company(len(batch))

    def member(number: int, values: dict[str, Any]) -> None:
        with company.member():
            _serve(connection, pipeline, values, number=number)

    threads = [threading.Thread(target=member, args=item) for item in enumerate(batch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _serve(connection: Connection, pipeline: "Runner", values: dict[str, Any], *, number: int = 0) -> None:
    """Run one request and say what came of it; number: which of several it is."""
    try:
        with listening() as watch:
            with stage("request"):
                request = ScreenRequest.from_json(values)
            outcome, report = pipeline.run(request)
    except (Retryable, Permanent) as exc:
        with _SPEAKING:
            send_failure(connection, kind=type(exc).__name__, message=str(exc), number=number)
    except MemoryError:
        with _SPEAKING:
            send_failure(connection, kind="SandboxDied", message="the child ran out of memory", number=number)
            connection.close()
            os._exit(1)
    except Exception as exc:  # noqa: BLE001 (a fault in a codec or a model: named by type, since its text may hold patient data)
        with _SPEAKING:
            send_failure(connection, kind="SandboxDied", message=describe(exc), number=number)
    else:
        with _SPEAKING:
            send_answer(connection, Answer(outcome, report, watch.stages), number=number)


def _listen(connection: Connection, requests: "SimpleQueue[dict[str, Any]]") -> None:
    """Queue requests; end the process at once when the parent is gone, also in the middle of a run."""
    try:
        while True:
            requests.put(receive_json(connection))
    except (EOFError, OSError, ValueError):
        os._exit(0)


def allow_processor_time(seconds: int) -> None:
    """From now on; then the kernel ends this process (SIGXCPU), should the parent's clock not have done so."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))
