"""What the worker is handed, and that the real parts fit."""

import dataclasses
from datetime import UTC
from pathlib import Path

import pytest

from screening.settings import Settings
from worker.bootstrap import build
from worker.ports import Ports, Ringer


def test_ports_are_frozen(ports: Ports) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ports.settings = Settings()  # type: ignore[misc]


def test_the_clock_is_aware_unless_another_is_handed_in(ports: Ports) -> None:
    assert ports.clock().tzinfo is UTC


def test_the_real_bell_rings_for_jobs_and_deliveries(tmp_path: Path) -> None:
    node = build(Settings(home=tmp_path))
    bell: Ringer = node.ports.bell
    assert bell.screen(1, "ports-test") is True
    assert bell.depth("ports-test") == 1
    assert bell.deliver(1) is True
    node.close()
