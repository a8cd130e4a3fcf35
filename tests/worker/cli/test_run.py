"""`opportune serve` and the roles start what they should, and end on a signal."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dicom_node import scu
from dicom_node.identity import Timeouts
from screening.settings import Destination
from tests.servers.postgres import free_port
from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from worker import roles
from worker.bootstrap import Node
from worker.reconciler import Reconciler


def _settings(port: int) -> str:
    return f"""
[log]
level = "WARNING"
[node]
bind = "127.0.0.1"
port = {port}
minimum_free_mb = 0
[[peers]]
ae_title = "SENDER"
address = "127.0.0.1"
"""


def _answers(port: int) -> bool:
    us = Destination(name="us", ae_title="OPPORTUNE", address="127.0.0.1", port=port)
    return scu.echo(us, "SENDER", Timeouts(acse=5, connect=5)).ok


@pytest.mark.parametrize("command", ["serve", "listener"])
def test_a_command_listens_until_a_signal_comes(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    port = free_port()
    configure(_settings(port))
    answered: list[bool] = []

    def wait(announce: Callable[[], None]) -> None:
        announce()
        answered.append(_answers(port))

    monkeypatch.setattr(roles, "wait_for_signal", wait)
    ended = opportune(command)
    assert ended.status == 0, ended.err
    assert answered == [True]
    assert not _answers(port)
    if command == "serve":
        assert f"OPPORTUNE listens on port {port}" in ended.err


@pytest.mark.parametrize("command", ["serve", "listener"])
def test_a_port_that_is_taken_is_named(configure: Configure, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(roles, "wait_for_signal", lambda _: pytest.fail("it listens"))
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        configure(_settings(port))
        ended = opportune(command)
    assert ended.status == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.words
    assert "Traceback" not in ended.err


def test_the_reconciler_loops_until_a_signal_comes(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(_settings(0))
    begun = threading.Event()
    monkeypatch.setattr(Reconciler, "round", lambda _: begun.set())
    monkeypatch.setattr(roles, "wait_for_signal", lambda: begun.wait(10))
    assert opportune("reconciler").status == 0
    assert begun.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "reconciler"]


@pytest.mark.parametrize(
    ("arguments", "queues"),
    [
        (("worker",), ["screen"]),
        (("worker", "--queue", "gpu", "--queue", "screen"), ["gpu", "screen"]),
        (("delivery",), ["deliver"]),
    ],
)
def test_a_worker_works_on_its_queues(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], queues: list[str]
) -> None:
    consumed: list[tuple[Node, list[str]]] = []
    take: Callable[[Node, list[str]], None] = lambda node, names: consumed.append((node, names))  # noqa: E731
    monkeypatch.setattr(roles, "consume", take)
    assert opportune(*arguments).status == 0
    ((_, found),) = consumed
    assert found == queues


def test_a_role_ends_by_itself_on_a_signal(configure: Configure, tmp_path: Path) -> None:
    configure(_settings(0))
    environment = {"PATH": os.environ["PATH"], "OPPORTUNE_LOG__LEVEL": "INFO"}
    command = [sys.executable, "-P", "-m", "worker", "listener"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any("listening on port" in line for line in process.stderr)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
