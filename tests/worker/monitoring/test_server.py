"""The HTTP server of metrics and health."""

import http.client
import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from screening.errors import DatabaseUnavailable
from worker.monitoring import server
from worker.monitoring.server import Kept, MetricsServer, answering

READY = {"database": True, "paused": {"intake": "2026-03-02T10:00:00+00:00"}}


@contextmanager
def running(
    metrics: Callable[[], str] = lambda: "a 1\n", readiness: Callable[[], dict[str, Any]] = lambda: READY
) -> Iterator[int]:
    with answering(MetricsServer(("127.0.0.1", 0), metrics, readiness)) as port:
        yield port


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def test_the_three_paths_and_nothing_else() -> None:
    with running() as port:
        status, text, headers = ask(port, "/metrics?x=1")
        assert (status, text) == (200, "a 1\n")
        assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert headers["server"].strip() == "opportune"
        assert ask(port, "/healthz")[:2] == (200, "ok\n")
        assert json.loads(ask(port, "/readyz")[1]) == READY
        assert ask(port, "/")[0] == 404
        assert ask(port, "/metrics", "POST")[0] == 501


def test_not_ready_is_503_and_says_what_is_missing() -> None:
    with running(readiness=lambda: {"database": True, "disk": False}) as port:
        status, text, _ = ask(port, "/readyz")
    assert status == 503
    assert json.loads(text) == {"database": True, "disk": False}


@pytest.mark.parametrize(("fault", "status"), [(DatabaseUnavailable("JANE"), 503), (KeyError("JANE"), 500)])
def test_a_fault_is_told_without_its_text(fault: Exception, status: int, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> str:
        raise fault

    with running(fail) as port:
        answered = ask(port, "/metrics")
        assert answered[0] == status
        assert "JANE" not in answered[1]
        assert ask(port, "/healthz")[0] == 200
    assert "the metrics cannot be told" in caplog.text
    assert status == 503 or "JANE" not in caplog.text


def test_who_asks_often_gets_what_is_kept() -> None:
    answers = iter(range(1, 9))
    moments = [0.0, 0.0, 0.9, 1.1, 1.1]
    kept = Kept(lambda: next(answers), lambda: moments.pop(0))
    assert [kept(), kept(), kept()] == [1, 1, 2]


def test_a_flood_of_connections_shuts_out_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(server._Handler, "timeout", 0.2)
    with running() as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for connection in silent:
            connection.settimeout(10)
            assert connection.recv(1) == b""  # each is closed by us, at once or after its silence
            connection.close()
        assert ask(port, "/healthz")[0] == 200


def test_what_a_client_writes_is_not_logged(caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    caplog.set_level(logging.DEBUG)
    with running() as port:
        ask(port, "/JANE")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"JANE\r\n\r\n")
            connection.settimeout(10)
            while connection.recv(4096):
                pass
    assert "JANE" not in caplog.text + "".join(capsys.readouterr())
