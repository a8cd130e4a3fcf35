"""The HTTP server of /metrics, /healthz and /readyz: it reads, answers nothing else, and withstands a flood."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from screening.errors import ScreeningError
from screening.faults import describe
from worker.monitoring.exposition import CONTENT_TYPE

_log = logging.getLogger(__name__)

_KEEP_SECONDS = 1.0
"""Who asks more often gets the same answer: the database is read once a second at most."""

_SILENCE_SECONDS = 5
_AT_ONCE = 16
_PLAIN = "text/plain; charset=utf-8"


class Kept:
    """What a function answered, for a second; one thread asks at a time, the others take its answer."""

    def __init__(self, ask: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._answer: Any = None
        self._until = float("-inf")

    def __call__(self) -> Any:
        """The answer."""
        with self._lock:
            if self._clock() >= self._until:
                self._answer = self._ask()
                self._until = self._clock() + _KEEP_SECONDS
            return self._answer


class MetricsServer(ThreadingHTTPServer):
    """Answers GET of three paths.

    Parameters
    ----------
    address
        Host and port; port 0 takes a free one.
    metrics
        The exposition.
    readiness
        What is needed, and whether it is there: not ready when something is False. Other values are only told.
    """

    daemon_threads = True
    request_queue_size = 32

    def __init__(
        self, address: tuple[str, int], metrics: Callable[[], str], readiness: Callable[[], dict[str, Any]]
    ) -> None:
        self.metrics, self.readiness = Kept(metrics), Kept(readiness)
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, unless too many are open."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer it in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (those of the base class)
        """Say nothing of a client that went away: its text is not ours."""
        _log.debug("a connection to the metrics port ended early")


class _Handler(BaseHTTPRequestHandler):
    server: MetricsServer
    timeout = _SILENCE_SECONDS
    server_version = "opportune"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer."""
        answers = {"/metrics": self._metrics, "/healthz": self._alive, "/readyz": self._ready}
        answer = answers.get(self.path.partition("?")[0])
        if answer is None:
            self._send(HTTPStatus.NOT_FOUND, "not found\n")
            return
        try:
            status, text, kind = answer()
        except ScreeningError as exc:
            _log.warning("the metrics cannot be told: %s", exc)
            status, text, kind = HTTPStatus.SERVICE_UNAVAILABLE, "not available\n", _PLAIN
        except Exception as exc:  # noqa: BLE001 (its text may hold a patient's data)
            _log.error("the metrics cannot be told: %s", describe(exc))
            status, text, kind = HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the program\n", _PLAIN
        self._send(status, text, kind)

    def _metrics(self) -> tuple[HTTPStatus, str, str]:
        return HTTPStatus.OK, self.server.metrics(), CONTENT_TYPE

    def _alive(self) -> tuple[HTTPStatus, str, str]:
        return HTTPStatus.OK, "ok\n", _PLAIN

    def _ready(self) -> tuple[HTTPStatus, str, str]:
        found = self.server.readiness()
        missing = any(value is False for value in found.values())
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        return status, json.dumps(found) + "\n", "application/json"

    def _send(self, status: HTTPStatus, text: str, kind: str = _PLAIN) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the base class)
        """Say nothing of requests: what a client writes is not for the log."""


@contextmanager
def answering(server: MetricsServer) -> Iterator[int]:
    """Answer in a thread for the length of the block; the port."""
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
