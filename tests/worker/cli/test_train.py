"""`opportune train` and `opportune simulate` hand their options on and say what came back."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.worker.cli.command import opportune
from tests.worker.ports import MODEL
from training.cohorts.table import BadRow
from training.request import TrainingRequest, TrainingResult


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[TrainingRequest]:
    """A training that takes no time; what it was asked for."""
    told: list[TrainingRequest] = []

    def train(model: str, request: TrainingRequest) -> TrainingResult:
        request.progress("phantoms", 1, 2)
        request.progress("train", 1, 4)
        told.append(request)
        bad = () if request.cohort is None else (BadRow(line=3, faults=(("time", "must be a number"),)),)
        return TrainingResult(
            model_name=model, tier=request.tier, seed=request.seed, bundle=request.out / "bundle", history=(),
            metrics={"auc": 0.81}, bad=bad,
        )  # fmt: skip

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


def test_train(trained: list[TrainingRequest], tmp_path: Path) -> None:
    options = ("--tier", "small", "--simulate", 90, "--seed", 7, "--device", "cuda", "--workers", 5)
    ended = opportune("train", MODEL, "--out", tmp_path, *options, "--json")
    assert ended.status == 0
    assert ended.json == {
        "model": MODEL, "tier": "small", "seed": 7, "bundle": str(tmp_path / "bundle"), "metrics": {"auc": 0.81},
    }  # fmt: skip
    (request,) = trained
    assert (request.tier, request.out, request.seed, request.device) == ("small", tmp_path, 7, "cuda")
    assert (request.workers, request.patients, request.cohort) == (5, 90, None)


def test_train_on_a_cohort(trained: list[TrainingRequest], tmp_path: Path) -> None:
    table = tmp_path / "ours.csv"
    options = ("--cohort", table, "--folds", 4, "--fold", 2)
    ended = opportune("train", MODEL, "--out", tmp_path, *options, "--json")
    assert ended.json["bad_rows"] == ["line 3: time must be a number"]
    said = " ".join(opportune("train", MODEL, "--out", tmp_path, *options).out.split())
    assert "on held-out patients of ours.csv" in said
    assert "1 rows of ours.csv left out" in said
    assert "line 3: time must be a number" in said
    assert {(request.cohort, request.folds, request.fold) for request in trained} == {(table, 4, 2)}


def test_train_for_people(trained: list[TrainingRequest], tmp_path: Path) -> None:
    ended = opportune("train", MODEL, "--out", tmp_path)
    assert f"{MODEL}, tier tiny, seed 0" in " ".join(ended.out.split())
    assert "0.81" in ended.out
    assert [(request.tier, request.seed, request.device, request.workers) for request in trained] == [
        ("tiny", 0, "cpu", 2)
    ]


def test_train_needs_somebody_who_draws(trained: list[TrainingRequest], tmp_path: Path) -> None:
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
