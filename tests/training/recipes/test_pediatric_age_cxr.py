"""The recipe with a tier so small that nothing is learned: what it writes and what it says of it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from models.pediatric_age_cxr import preprocess
from models.pediatric_age_cxr.network import AgeNet, Architecture
from models.pediatric_age_cxr.reader import load_reader
from training.cohorts.pediatric_age_cxr import simulate
from training.fitting.pediatric_age_cxr import TIERS, Tier
from training.phantoms.child.phantom import make_child
from training.phantoms.dicom import PhantomPatient, write_radiograph
from training.recipes import pediatric_age_cxr as recipe
from training.reproduce import Task, reproduce
from training.request import TrainingRequest, TrainingResult
from training.scoring.pediatric_age_cxr import score

NAME = "pediatric_age_cxr"
SMALLEST = Tier(
    train=16, validation=12, test=12, external=12, architecture=Architecture(depth=18, width=0.125), size=64,
    stored=96, epochs=1, batch=8, peak_rate=1e-3,
)  # fmt: skip
SEED = 3


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
        request = TrainingRequest(tier="tiny", out=out, seed=SEED, progress=lambda stage, *_: stages.add(stage))
        return Run(recipe.run(request), out, stages)


def test_each_stage_is_reported(done: Run) -> None:
    assert {f"phantoms:{split}" for split in ("train", "validation", "test", "external")} | {"train"} <= done.stages


def test_the_result_says_what_the_bundle_says(done: Run) -> None:
    assert done.result.bundle == done.out / "bundle"
    assert (done.result.model_name, done.result.tier, done.result.seed) == (NAME, "tiny", SEED)
    metrics = dict(done.result.metrics)
    assert json.loads((done.result.bundle / "docs" / "results.json").read_text()) == metrics
    assert (metrics["train_rows"], metrics["pictures_seen"], metrics["test_children"]) == (16, 16, 12)
    assert metrics["external_mae_low"] <= metrics["external_mae"] <= metrics["external_mae_high"]
    assert metrics["test_oracle_mae"] < 15
    assert np.isfinite(list(metrics.values())).all()
    assert np.isfinite(done.result.history).all()


def test_what_was_judged_is_what_is_shipped(done: Run) -> None:
    children = simulate("test", 12, size=96, seed=SEED, cache=done.out / "cohorts")
    scored = score(done.result.bundle, children)
    off = np.abs(scored.values["months"] - scored.values["true_months"])
    assert off.mean() == pytest.approx(done.result.metrics["test_mae"], rel=1e-4)
    loose = score(done.result.bundle, children.without_size())
    off = np.abs(loose.values["months"] - loose.values["true_months"])
    assert off.mean() == pytest.approx(done.result.metrics["test_without_size_mae"], rel=1e-4)


def test_the_reader_takes_the_bundle(done: Run) -> None:
    reader = load_reader(done.result.bundle)
    assert (reader.size, reader.card.evidence) == (64, "simulation")
    assert reader.card.trained_on == f"16 simulated children (simulator child-1.0, tier tiny, seed {SEED})"
    values = json.loads((done.result.bundle / "configs" / "opportune.json").read_text())
    assert values["preprocessing"]["version"] == preprocess.VERSION
    assert values["network"] == {"depth": 18, "width": 0.125}
    assert "80% by group of predicted age, on 12 validation" in values["calibration"]["method"]


def test_a_site_trains_on_its_own_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["patient_id,images,true_value,sex,vendor"]
    for seed in range(36):
        child = make_child(seed, longest_side=64)
        write_radiograph(
            tmp_path / f"{seed}.dcm", child, patient=PhantomPatient(patient_id=f"P{seed}", name="", birth_date=None),
            study_instance_uid=f"1.2.{seed}", acquired=datetime(2026, 1, 5, 8, tzinfo=UTC),
        )  # fmt: skip
        rows.append(f"P{seed},{seed}.dcm,{child.months},{child.sex},Acme")
    (tmp_path / "0.dcm").write_bytes(b"no DICOM")
    (tmp_path / "ours.csv").write_text("\n".join(rows))
    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    request = TrainingRequest(tier="tiny", out=tmp_path / "out", cohort=tmp_path / "ours.csv", folds=3)
    result = recipe.run(request)
    assert [row.line for row in result.bad] == [2]
    assert result.metrics["table_rows"] == 36
    assert "test_oracle_mae" not in result.metrics
    assert "external_mae" not in result.metrics
    card = load_reader(result.bundle).card
    assert card.evidence == "research"
    assert "radiographs of a site (table ours.csv" in card.trained_on


def test_a_cohort_without_sizes_has_one_interval_for_both(done: Run) -> None:
    torch.manual_seed(0)
    net = AgeNet(SMALLEST.architecture).eval()
    children = simulate("validation", 12, size=96, seed=SEED, cache=done.out / "cohorts")
    assert recipe.calibrate(net, children.without_size(), 64).scaled == recipe.calibrate(net, children, 64).filled
    assert recipe.calibrate(net, children, 64).scaled != recipe.calibrate(net, children, 64).filled


def test_the_table_is_found_again(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    made = reproduce(Task(model_name="pediatric_age_cxr", bundle=done.result.bundle, cache=done.out))
    assert [figure.name for figure in made.differing] == []
    assert made.new == {}
    assert {figure.name for figure in made.figures} | set(made.left) == set(done.result.metrics)
    assert set(made.left) == {"train_rows", "validation_rows", "pictures_seen"}
