"""The recipe with a tier so small that nothing is learned: what it writes and what it says of it."""

import csv
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models import registry
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.network import MortalityNet
from models.cap_mortality_cxr.pipeline import CapMortality
from models.frontal_gate import FrontalNet
from screening.settings import ModelSettings
from training.cohorts.cap_mortality_cxr import LAYOUT
from training.cohorts.chest import ChestCohort, make_cohort
from training.evaluation.discrimination import auc
from training.fitting.cap_mortality_cxr import TIERS, Tier, score
from training.loop import History
from training.recipes import cap_mortality_cxr as recipe
from training.reproduce import Task, reproduce
from training.request import TrainingRequest, TrainingResult, silent
from training.simulate import SIMULATORS
from training.simulators import cap_mortality_cxr

NAME = "cap_mortality_cxr"
SMALLEST = Tier(train=12, validation=24, test=24, external=24, size=64, stored=64, stages=((64, 16),), batch=8)
SEED = 3  # several of the 24 test patients die


@dataclass(frozen=True)
class Run:
    """What the recipe came to, and the stages it reported."""

    result: TrainingResult
    out: Path
    stages: set[str]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)
    out, stages = tmp_path_factory.mktemp("trained"), set[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TIERS, "tiny", SMALLEST)
        patch.setitem(recipe.GATE_STEPS, "tiny", 2)
        patch.setitem(recipe.GATE_REFUSED, "tiny", 2)
        result = recipe.run(request(out, lambda stage, *_: stages.add(stage)))
    return Run(result, out, stages)


@pytest.fixture
def installed(done: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle where the registry finds it."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "selection.py").touch()
    bundle = shutil.copytree(done.result.bundle, tmp_path / NAME / "bundle")
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    (tmp_path / "SHIPPED.sha256").write_text(registry.pinned(), encoding="utf-8")
    monkeypatch.setattr(registry, "PINNED", tmp_path / "SHIPPED.sha256")
    return bundle


def request(out: Path, progress: Any = silent, frontal: Path | None = None) -> TrainingRequest:
    return TrainingRequest(
        tier="tiny", out=out, seed=SEED, device="cpu", workers=1, progress=progress, frontal=frontal
    )  # fmt: skip


def cohort(lp: list[float], died: list[int]) -> ChestCohort:
    count = len(lp)
    odds = np.array(lp, np.float32)
    return ChestCohort(
        images=np.zeros((count, 8, 8), np.uint8), auxiliary=np.zeros((count, 9), np.float32), lp=odds,
        risk=(1 / (1 + np.exp(-odds))).astype(np.float32), died=np.array(died, np.float32), seeds=np.arange(count),
    )  # fmt: skip


def test_each_stage_is_reported(done: Run) -> None:
    splits = {f"phantoms:{split}" for split in ("train", "validation", "test", "external")}
    assert splits | {"train", "gate"} <= done.stages


def test_the_result_says_what_the_bundle_says(done: Run) -> None:
    assert done.result.bundle == done.out / "bundle"
    assert (done.result.model_name, done.result.tier, done.result.seed) == (NAME, "tiny", SEED)
    metrics = dict(done.result.metrics)
    assert json.loads((done.result.bundle / "docs" / "results.json").read_text()) == metrics
    assert (metrics["training_patients"], metrics["training_pictures_seen"], metrics["test_patients"]) == (12, 16, 24)
    assert 0 <= metrics["test_auc_low"] <= metrics["test_auc"] <= metrics["test_auc_high"] <= 1
    assert metrics["test_oracle_auc"] > 0.6
    assert np.isfinite(list(metrics.values())).all()
    assert np.isfinite(done.result.history).all()


def test_the_registry_loads_the_bundle(installed: Path) -> None:
    assert registry.names() == [NAME]
    model = registry.load(NAME, device="cpu", settings=ModelSettings())
    assert isinstance(model, CapMortality)
    assert model.card.input_size == (64, 64)
    assert model.card.trained_on == f"12 simulated patients (simulator chest-1.0, tier tiny, seed {SEED})"
    assert model.card.evidence == "simulation"
    configuration = json.loads((installed / "configs" / "opportune.json").read_text())
    assert configuration["preprocessing"]["version"] == preprocess.VERSION
    assert configuration["gate"] == {"threshold": recipe.GATE_THRESHOLD, "trained_on": "phantoms"}
    assert configuration["calibration"]["method"] == "Platt on 24 simulated validation patients"


def test_what_was_judged_is_what_is_shipped(done: Run, installed: Path) -> None:
    model = registry.load(NAME, device="cpu", settings=ModelSettings())
    assert isinstance(model, CapMortality)
    patients = make_cohort("test", 24, size=64, seed=SEED, cache=done.out / "cohorts")
    logits, _ = score(model._network, patients, size=64)
    risks = np.array([model._calibration.probability(float(logit)) for logit in logits])
    assert auc(risks, patients.died) == pytest.approx(done.result.metrics["test_auc"])
    assert risks.mean() == pytest.approx(done.result.metrics["test_mean_predicted"], rel=1e-4)


def test_judging_the_oracle_gives_the_oracle() -> None:
    rng = np.random.default_rng(0)
    lp = rng.normal(-1, 1.5, 400)
    patients = cohort(list(lp), list(rng.random(400) < 1 / (1 + np.exp(-lp))))
    told = recipe.judge(patients, patients.risk.astype(np.float64))
    assert told["auc"] == pytest.approx(told["oracle_auc"], abs=1e-6)
    assert told["efficiency"] == pytest.approx(1, abs=1e-6)
    assert told["correlation_with_oracle"] == pytest.approx(1, abs=1e-5)
    assert told["calibration_slope"] == pytest.approx(1, abs=0.25)
    assert told["deaths"] == patients.died.sum()
    reverse = recipe.judge(patients, 1 - patients.risk.astype(np.float64))
    assert reverse["auc"] == pytest.approx(1 - told["auc"], abs=1e-6)


def test_real_radiographs_reach_the_gate_and_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: Run
) -> None:
    real = np.ones((2, 64, 64), np.uint8)
    told: list[Any] = []

    def train_gate(*_: object, real: object, **__: object) -> FrontalNet:
        told.append(real)
        return FrontalNet()

    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    monkeypatch.setitem(recipe.GATE_REFUSED, "tiny", 1)
    monkeypatch.setattr(recipe, "train_gate", train_gate)
    monkeypatch.setattr(recipe, "read_frontal", lambda folder: real if folder == tmp_path / "real" else None)
    monkeypatch.setattr(
        recipe, "fit", lambda *_, **__: (MortalityNet(), History(losses=(1.0,), validation=(1.0,), best_epoch=0))
    )
    # the same cohorts, so that none is drawn again
    shutil.copytree(done.out / "cohorts", tmp_path / "cohorts")
    result = recipe.run(replace(request(tmp_path), frontal=tmp_path / "real"))
    assert told[0] is real
    assert "and real frontal radiographs" in (result.bundle / "configs" / "opportune.json").read_text()


def test_a_site_trains_on_its_own_patients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: Run) -> None:
    """Phantoms as DICOM stand for the site's files; two rows are bad."""
    monkeypatch.setitem(TIERS, "tiny", replace(SMALLEST, stages=((64, 80),)))
    monkeypatch.setitem(recipe.GATE_STEPS, "tiny", 2)
    monkeypatch.setitem(recipe.GATE_REFUSED, "tiny", 2)
    monkeypatch.setattr(cap_mortality_cxr, "LONGEST_SIDE", 160)
    SIMULATORS[NAME](tmp_path, 18, 0, lambda: None)
    with (tmp_path / "labels.csv").open(encoding="utf-8") as file:
        rows = [f"P{number},{row['file']},{number % 2}" for number, row in enumerate(csv.DictReader(file))]
    (tmp_path / "text.dcm").write_text("no DICOM", encoding="utf-8")
    items = ",".join(column.name for column in LAYOUT.clinical)
    empty = "," * len(LAYOUT.clinical)
    lines = [f"patient_id,images,event,{items}", *(f"{row}{empty}" for row in [*rows, "X,text.dcm,1", "Y,gone.dcm,0"])]
    table = tmp_path / "ours.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    result = recipe.run(replace(request(tmp_path / "out"), cohort=table, folds=3))
    assert [row.line for row in result.bad] == [20, 21]
    metrics = result.metrics
    assert (metrics["table_rows"], metrics["table_rows_bad"], metrics["training_patients"]) == (20, 2, 6)
    assert metrics["test_patients"] == 6
    assert not [name for name in metrics if "oracle" in name or name.startswith("external")]
    configuration = json.loads((result.bundle / "configs" / "opportune.json").read_text())
    assert configuration["card"]["evidence"] == "research"
    assert configuration["card"]["trained_on"] == f"6 patients of a site (table ours.csv, tier tiny, seed {SEED})"
    assert "combined" not in configuration
    assert (tmp_path / "out" / "run" / "train.csv").read_text(encoding="utf-8").count("\n") == 11


def test_the_table_is_found_again(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    made = reproduce(Task(model_name="cap_mortality_cxr", bundle=done.result.bundle, cache=done.out))
    assert [figure.name for figure in made.differing] == []
    assert made.new == {}
    assert {figure.name for figure in made.figures} | set(made.left) == set(done.result.metrics)
    assert set(made.left) == {"training_patients", "training_pictures_seen"}
