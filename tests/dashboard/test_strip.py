"""The header strip."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dashboard.destination_lines import Line
from dashboard.probes import Probes
from dashboard.strip import Cell, strip
from db.echoes import Echo
from db.processes import Process
from screening import clock
from screening.settings import Settings


def _process(role: str, host: str = "a", *, alive: bool = True) -> Process:
    now = clock.now()
    return Process(
        name=f"{host}:{role}", role=role, host=host, version="1", started_at=now - timedelta(hours=1), seen_at=now,
        alive=alive,
    )  # fmt: skip


def _cells(
    tmp_path: Path, *running: Process, broker: str | None = None, destinations: Sequence[Line] = (), **counts: Any
) -> dict[str, Cell]:
    values = {"conditions": {}, "pauses": {}, "oldest_waiting_job_seconds": None} | counts
    settings = Settings(home=tmp_path, broker_url=None if broker is None else SecretStr(broker))
    return {cell.name: cell for cell in strip(values, running, Probes(settings), destinations)}


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
    assert (cell.value, cell.tone, cell.detail) == ("1 failing", "bad", "pacs; never asked by echo")


def _asked(name: str, age: float, *, ok: bool) -> Line:
    echo = Echo(destination=name, at=clock.now(), ok=ok, outcome="x", detail="y", milliseconds=1, who="jane")
    return Line(name=name, destination=None, states={}, trouble=None, left_alone=False, echo=echo, echo_age=age)


def test_the_last_echo_is_told(tmp_path: Path) -> None:
    good = [_asked("pacs", 125, ok=True), _asked("research", 7300, ok=True)]
    cell = _cells(tmp_path, destinations=good)["Destinations"]
    assert (cell.value, cell.tone, cell.detail) == ("no failures", "good", "last echo 2 min 5 s ago")
    cell = _cells(tmp_path, destinations=[good[0], _asked("research", 30, ok=False)])["Destinations"]
    assert (cell.value, cell.tone, cell.detail) == ("echo failed", "wait", "research; last echo 30 s ago")
    assert _cells(tmp_path)["Destinations"].detail == "never asked by echo"


@pytest.mark.parametrize(("part", "name"), [("intake", "Listener"), ("screening", "Workers"), ("delivery", "Sending")])
def test_a_pause_says_since_when_by_whom_and_why(tmp_path: Path, part: str, name: str) -> None:
    pause = {part: {"since": "2026-03-02T10:00:00+00:00", "by": "jane", "why": "the archive is updated"}}
    cells = _cells(tmp_path, _process("serve"), pauses=pause)
    assert (cells[name].value, cells[name].tone) == ("paused", "wait")
    assert cells[name].detail.startswith("since 2026-03-02 ")
    assert cells[name].detail.endswith(" by jane: the archive is updated")
    assert [cell.name for cell in cells.values() if cell.value == "paused"] == [name]
    assert _cells(tmp_path, pauses=pause)[name].value == "down"


def test_a_spool_that_failed(tmp_path: Path) -> None:
    cell = _cells(tmp_path, conditions={"spool": {"detail": "fsync failed"}})["Spool"]
    assert (cell.value, cell.tone, cell.detail) == ("failed", "bad", "fsync failed")


@pytest.mark.parametrize(("seconds", "tone"), [(None, "good"), (5.0, "good"), (3600.0, "wait")])
def test_a_long_wait_is_seen(tmp_path: Path, seconds: float | None, tone: str) -> None:
    assert _cells(tmp_path, oldest_waiting_job_seconds=seconds)["Oldest waiting"].tone == tone
