"""`opportune train` and `opportune simulate` hand their options on and say what came back."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.worker.cli.command import opportune
from tests.worker.ports import MODEL


@dataclass
class Result:
    """What a training came to."""

    bundle: Path
    metrics: dict[str, float]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A training that takes no time; what it was told."""
    told: list[tuple[Any, ...]] = []

    def train(
        model: str,
        tier: str,
        out: Path,
        *,
        seed: int,
        device: str,
        workers: int,
        progress: Callable[[str, int, int], None],
    ) -> Result:
        progress("epoch 1", 1, 2)
        told.append((model, tier, out, seed, device, workers))
        return Result(bundle=out / "bundle", metrics={"auc": 0.81})

    module = ModuleType("training.train")
    module.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "training.train", module)
    return told


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A simulator that writes nothing; what it was told."""
    told: list[tuple[Any, ...]] = []

    def simulate(out: Path, n: int, seed: int, advance: Callable[[], None]) -> None:
        for _ in range(n):
            advance()
        told.append((out, n, seed))

    module = ModuleType("training.simulate")
    module.SIMULATORS = {MODEL: simulate}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "training.simulate", module)
    return told


def test_train(trained: list[tuple[Any, ...]], tmp_path: Path) -> None:
    options = ("--tier", "small", "--seed", 7, "--device", "cuda", "--workers", 5)
    ended = opportune("train", MODEL, "--out", tmp_path, *options, "--json")
    assert ended.status == 0
    assert ended.json == {
        "model": MODEL, "tier": "small", "seed": 7, "bundle": str(tmp_path / "bundle"), "metrics": {"auc": 0.81},
    }  # fmt: skip
    assert trained == [(MODEL, "small", tmp_path, 7, "cuda", 5)]


def test_train_for_people(trained: list[tuple[Any, ...]], tmp_path: Path) -> None:
    ended = opportune("train", MODEL, "--out", tmp_path)
    assert f"{MODEL}, tier tiny, seed 0" in " ".join(ended.out.split())
    assert "0.81" in ended.out
    assert trained == [(MODEL, "tiny", tmp_path, 0, "cpu", 2)]


def test_train_needs_somebody_who_draws(trained: list[tuple[Any, ...]], tmp_path: Path) -> None:
    assert opportune("train", MODEL, "--out", tmp_path, "--workers", 0).status == 2
    assert trained == []


def test_simulate(simulated: list[tuple[Any, ...]], tmp_path: Path) -> None:
    ended = opportune("simulate", MODEL, "--out", tmp_path, "--n", 3, "--seed", 9)
    assert ended.status == 0
    assert ended.words == ""
    assert f"3 patients in {tmp_path}" in ended.out
    assert simulated == [(tmp_path, 3, 9)]


def test_simulate_a_model_without_simulator(simulated: list[tuple[Any, ...]], tmp_path: Path) -> None:
    ended = opportune("simulate", "other", "--out", tmp_path)
    assert ended.status == 2
    assert ended.words == f"opportune: there is no simulator for 'other'; there is one for {MODEL}"


def test_simulate_nobody(tmp_path: Path) -> None:
    assert opportune("simulate", MODEL, "--out", tmp_path, "--n", 0).status == 2
