"""A process that runs is told from one that does not."""

import threading
from typing import Any

import pytest

from db import processes
from db.engine import Sessions, transaction
from screening.errors import DatabaseUnavailable
from worker import presence
from worker.ports import Ports


def _roles(sessions: Sessions) -> list[tuple[str, bool]]:
    with transaction(sessions, read_only=True) as s:
        return [(item.role, item.alive) for item in processes.known(s)]


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released at each beat."""
    seen, beat = threading.Semaphore(0), processes.beat

    def noted(*arguments: Any, **values: Any) -> None:
        beat(*arguments, **values)
        seen.release()

    monkeypatch.setattr(processes, "beat", noted)
    return seen


def test_it_is_there_while_it_runs_and_not_after(ports: Ports, beats: threading.Semaphore) -> None:
    with presence.present(ports.sessions, "listener", every_seconds=0.01):
        assert beats.acquire(timeout=10)
        assert beats.acquire(timeout=10)
        assert _roles(ports.sessions) == [("listener", True)]
    assert _roles(ports.sessions) == []


def test_a_database_that_does_not_answer_stops_nothing(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Semaphore(0)

    def fails(*_: object, **__: object) -> None:
        tried.release()
        raise DatabaseUnavailable("down")

    monkeypatch.setattr(processes, "beat", fails)
    monkeypatch.setattr(processes, "ended", fails)
    with presence.present(ports.sessions, "worker", every_seconds=0.01):
        assert tried.acquire(timeout=10)
        assert tried.acquire(timeout=10)
    assert "cannot say that it ends: down" in caplog.text
