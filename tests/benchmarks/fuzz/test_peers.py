"""The short form of the live connections of `make fuzz`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import attack_clients as clients
from benchmarks.fuzz import peers, target
from benchmarks.fuzz.peers import fuzz_connections
from benchmarks.fuzz.target import Target


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Target]:
    listening = Target(tmp_path)
    yield listening
    listening.stop()


def test_a_listener_outlives_peers_that_do_anything(listening: Target) -> None:
    fuzz_connections(listening, 10, steps=8)
    assert listening.connections > 0


def test_a_listener_that_keeps_something_is_noticed(listening: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_BACK_SECONDS", 0.2)
    with clients.connect(listening.port), pytest.raises(AssertionError, match=r"threads|descriptors"):
        listening.require_healthy()
    monkeypatch.setattr(target, "_BACK_SECONDS", 30)
    listening.require_healthy()


def test_one_that_fills_the_memory_is_noticed(listening: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MOST_GROWTH", -(2**40))
    with pytest.raises(AssertionError, match="more memory"):
        fuzz_connections(listening, 1, steps=1)


def test_one_that_dies_is_noticed(listening: Target) -> None:
    listening.stop()
    with pytest.raises(AssertionError, match="dead"):
        listening.require_healthy()
