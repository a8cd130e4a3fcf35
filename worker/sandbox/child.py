"""The child's side: `python -m worker.sandbox.confined LIMITS worker.sandbox.child FD THREADS SECONDS MODULE:CLASS`.

It has no database, no broker and no settings. It ends with its parent: the socket's end of file says so, and the
kernel where a codec keeps Python from hearing it. SECONDS: processor time for each request, over all threads.
"""

import importlib
import math
import os
import resource
import sys
import threading
import time
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Protocol

from screening import failpoints
from screening.errors import Permanent, Retryable
from screening.findings import Outcome
from screening.reports import Report
from screening.stopwatch import listening, stage
from worker.faults import describe
from worker.privacy import quiet_libraries
from worker.request import ScreenRequest
from worker.sandbox.protocol import Answer, receive_json, send_answer, send_failure, send_json


class Runner(Protocol):
    """What turns a request into an outcome and its report."""

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        """Run one request."""
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
        _serve(connection, pipeline, values)


def _serve(connection: Connection, pipeline: "Runner", values: dict[str, Any]) -> None:
    try:
        with listening() as watch:
            with stage("request"):
                request = ScreenRequest.from_json(values)
            outcome, report = pipeline.run(request)
    except (Retryable, Permanent) as exc:
        send_failure(connection, kind=type(exc).__name__, message=str(exc))
    except MemoryError:
        send_failure(connection, kind="SandboxDied", message="the child ran out of memory")
        connection.close()
        os._exit(1)
    except Exception as exc:  # noqa: BLE001 (a fault in a codec or a model: named by type, since its text may hold patient data)
        send_failure(connection, kind="SandboxDied", message=describe(exc))
    else:
        send_answer(connection, Answer(outcome, report, watch.stages))


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
