"""Runs the dashboard: uvicorn in a thread, for the length of a block."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from dashboard.app import make_app
from dashboard.ask import Parts
from screening.errors import ScreeningError

_log = logging.getLogger(__name__)

_START_SECONDS, _STOP_SECONDS = 30, 10
_LONGEST_HEADER = 16 * 1024  # bytes
_CONNECTIONS = 200


@contextmanager
def dashboard(parts: Parts) -> Iterator[str]:
    """Serve for the length of the block; where a browser on this computer finds it.

    Raises
    ------
    ScreeningError
        If the address is taken or the certificate cannot be read.
    """
    server = _Server(_config(parts))
    failed: list[BaseException] = []
    thread = threading.Thread(target=_run, args=(server, failed), name="dashboard", daemon=True)
    thread.start()
    server.begun.wait(_START_SECONDS)
    if not server.started:
        why = type(failed[0]).__name__ if failed else "see the log"
        settings = parts.settings.dashboard
        raise ScreeningError(f"the dashboard cannot listen on {settings.host}:{settings.port} ({why})")
    try:
        yield _address(parts, server)
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        if thread.is_alive():
            _log.warning("the dashboard did not stop within %d s", _STOP_SECONDS)


class _Server(uvicorn.Server):
    """Says when it listens, or that it never will; leaves signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and tell."""
        try:
            await super().startup(sockets)
        finally:
            self.begun.set()


def _run(server: _Server, failed: list[BaseException]) -> None:
    try:
        server.run()
    except BaseException as exc:  # noqa: BLE001 (uvicorn ends by SystemExit when it cannot listen; told by who waits)
        failed.append(exc)
    finally:
        server.begun.set()


def _config(parts: Parts) -> uvicorn.Config:
    settings = parts.settings.dashboard
    return uvicorn.Config(
        make_app(parts),
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        server_header=False,
        date_header=True,
        log_config=None,
        access_log=False,  # addresses of pages are the browser's business; who saw what is in the audit trail
        h11_max_incomplete_event_size=_LONGEST_HEADER,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
        http="h11",
        ws="none",
        lifespan="off",
    )


def _address(parts: Parts, server: uvicorn.Server) -> str:
    settings = parts.settings.dashboard
    port = server.servers[0].sockets[0].getsockname()[1]
    scheme = "https" if settings.certificate is not None else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{port}/"
