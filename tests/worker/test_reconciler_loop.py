"""The reconciler's loop: how long it pauses, how it wakes and stops."""

import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from db import studies
from screening.errors import DatabaseUnavailable
from screening.settings import Node, WorkerSettings
from tests.dicom_node.network import wait_until
from tests.worker.ports import make_ports, radiograph, receive
from worker.indexing import index_received
from worker.ports import Ports
from worker.reconciler import Reconciler


@pytest.mark.parametrize(
    ("quiet", "reconcile", "pause"), [(60, 5, 5), (2, 5, 1), (0, 5, 0.2), (60, 0.5, 0.5), (0, 0.1, 0.1)]
)
def test_the_pause_lets_no_quiet_study_wait_long(tmp_path: Path, quiet: float, reconcile: float, pause: float) -> None:
    ports = make_ports(tmp_path, node=Node(quiet_seconds=quiet), worker=WorkerSettings(reconcile_seconds=reconcile))
    assert Reconciler(ports)._pause() == pause


def test_a_study_is_looked_at_when_its_quiet_time_ends(tmp_path: Path) -> None:
    ports = make_ports(tmp_path, node=Node(quiet_seconds=60), worker=WorkerSettings(reconcile_seconds=10))
    receive(ports, radiograph())
    index_received(ports)
    come = ports.clock()
    pauses = [
        Reconciler(replace(ports, clock=lambda: come + timedelta(seconds=seconds)))._pause()  # noqa: B023 (called at once)
        for seconds in (30, 57, 61)
    ]
    assert pauses[0] == pauses[2] == 10
    assert 0 < pauses[1] <= 3.001


def test_a_database_that_is_down_leaves_the_usual_pause(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("down")

    monkeypatch.setattr(studies, "next_quiet", down)
    assert Reconciler(ports)._pause() == 0.2


def _has(rounds: list[int], number: int) -> bool:
    return len(rounds) == number


def test_the_loop_wakes_at_once_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    monkeypatch.setattr(Reconciler, "round", lambda _: rounds.append(1))
    slow = make_ports(tmp_path, node=Node(quiet_seconds=3600), worker=WorkerSettings(reconcile_seconds=3600))
    reconciler = Reconciler(slow)
    thread = threading.Thread(target=reconciler.run, daemon=True)
    thread.start()
    for number in (1, 2, 3):
        wait_until(partial(_has, rounds, number))
        reconciler.wake()
    wait_until(lambda: len(rounds) == 4)
    reconciler.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(rounds) == 4


def test_a_reconciler_that_was_stopped_before_it_ran_does_nothing(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reconciler, "round", lambda _: pytest.fail("a round was run"))
    reconciler = Reconciler(ports)
    reconciler.stop()
    reconciler.run()
