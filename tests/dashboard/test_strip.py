"""The header strip."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dashboard.probes import Probes
from dashboard.strip import Cell, strip
from db.processes import Process
from screening import clock
from screening.settings import Settings


def _process(role: str, host: str = "a", *, alive: bool = True) -> Process:
    now = clock.now()
    return Process(
        name=f"{host}:{role}", role=role, host=host, version="1", started_at=now - timedelta(hours=1), seen_at=now,
        alive=alive,
    )  # fmt: skip


def _cells(tmp_path: Path, *running: Process, broker: str | None = None, **counts: Any) -> dict[str, Cell]:
    values = {"conditions": {}, "oldest_waiting_job_seconds": None} | counts
    settings = Settings(home=tmp_path, broker_url=None if broker is None else SecretStr(broker))
    return {cell.name: cell for cell in strip(values, running, Probes(settings))}


def test_one_process_may_be_all_roles(tmp_path: Path) -> None:
    cells = _cells(tmp_path, _process("serve"))
    assert {cells[name].value for name in ("Listener", "Indexing", "Workers", "Sending")} == {"up"}
    assert {cell.tone for cell in cells.values()} <= {"good", "wait"}


def test_what_does_not_run_is_down(tmp_path: Path) -> None:
    cells = _cells(tmp_path, _process("worker"), _process("worker", "b"), _process("listener", alive=False))
    assert (cells["Workers"].value, cells["Workers"].detail) == ("2 up", "a, b")
    assert (cells["Listener"].value, cells["Listener"].tone) == ("down", "bad")


def test_a_broker_that_does_not_answer(tmp_path: Path) -> None:
    cell = _cells(tmp_path, broker="redis://localhost:1/0")["Broker"]
    assert (cell.value, cell.tone) == ("down", "bad")


def test_destinations_that_fail_are_named(tmp_path: Path) -> None:
    cell = _cells(tmp_path, conditions={"destination pacs": {"detail": "refused"}})["Destinations"]
    assert (cell.value, cell.tone, cell.detail) == ("1 failing", "bad", "pacs")


def test_a_spool_that_failed(tmp_path: Path) -> None:
    cell = _cells(tmp_path, conditions={"spool": {"detail": "fsync failed"}})["Spool"]
    assert (cell.value, cell.tone, cell.detail) == ("failed", "bad", "fsync failed")


@pytest.mark.parametrize(("seconds", "tone"), [(None, "good"), (5.0, "good"), (3600.0, "wait")])
def test_a_long_wait_is_seen(tmp_path: Path, seconds: float | None, tone: str) -> None:
    assert _cells(tmp_path, oldest_waiting_job_seconds=seconds)["Oldest waiting"].tone == tone
