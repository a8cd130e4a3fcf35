"""The recipe with a tier so small that nothing is learned: what it writes and what it says of it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.ssc_ild_mortality_ct.reader import load_reader
from tests.training.ild import make_cohort
from training.bundle import halve
from training.cohorts.ssc_ild_mortality_ct import FEATURES, IldCohort, simulate
from training.evaluation.concordance import harrell_c
from training.evaluation.discrimination import auc
from training.fitting.ssc_ild_mortality_ct import TIERS, Backbone, Tier, fit_network
from training.recipes import ssc_ild_mortality_ct as recipe
from training.recipes.ssc_ild_mortality_ct import assemble
from training.reproduce import Task, reproduce
from training.request import TrainingRequest, TrainingResult
from training.scoring.ssc_ild_mortality_ct import score, scored

SMALLEST = Tier(
    train=12, validation=6, test=30, external=6, size=32, slices=3, epochs=((32, 1),),
    backbones=(Backbone(name="resnet18", width=0.125),), batch=8, peak_rate=1e-3,
)  # fmt: skip


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
        request = TrainingRequest(tier="tiny", out=out, seed=1, progress=lambda stage, *_: stages.add(stage))
        result = recipe.run(request)
    return Run(result, out, stages)


def test_each_stage_is_reported(done: Run) -> None:
    splits = {f"phantoms:{split}" for split in ("train", "validation", "test", "external")}
    assert splits | {"train-resnet18", "scoring"} <= done.stages


def test_the_result_says_what_the_bundle_says(done: Run) -> None:
    metrics = dict(done.result.metrics)
    assert json.loads((done.result.bundle / "docs" / "results.json").read_text()) == metrics
    assert metrics["test_scans"] == metrics["test_rows"] > metrics["test_patients"] == 30
    assert np.isfinite(list(metrics.values())).all()
    assert len(done.result.history) == 1
    assert (done.out / "run" / "train-resnet18.csv").is_file()


def test_the_bundle_reads_back_as_it_was_judged(done: Run) -> None:
    reader = load_reader(done.result.bundle)
    assert (reader.size, reader.slices) == (32, 3)
    cohort = simulate("test", 30, size=32, slices=3, seed=1, cache=done.out / "cohorts")
    told = score(done.result.bundle, cohort)
    c = harrell_c(cohort.time, cohort.event, told.values["risk_5"]).c
    assert c == pytest.approx(done.result.metrics["test_c"], abs=1e-6)
    configuration = json.loads((done.result.bundle / "configs" / "opportune.json").read_text())
    assert configuration["card"]["trained_on"].endswith("tier tiny, seed 1)")
    assert configuration["card"]["input_size"] == [3, 32, 32]
    assert configuration["radiomics"]["names"] == list(FEATURES)


def test_a_site_trains_on_its_own_scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = replace(make_cohort(120, slices=3, real=True), year=np.full(120, np.nan, np.float32))
    table = tmp_path / "ours.csv"
    (tmp_path / "a.dcm").touch()
    table.write_text("patient_id,images,time,event,age,sex,vendor\nA,a.dcm,10,0,,,", encoding="utf-8")
    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    monkeypatch.setattr(recipe, "read", lambda _table, **_: (site, ()))
    result = recipe.run(TrainingRequest(tier="tiny", out=tmp_path / "out", cohort=table))
    card = json.loads((result.bundle / "configs" / "opportune.json").read_text())["card"]
    assert card["evidence"] == "research"
    assert "ours.csv" in card["trained_on"]
    assert not [name for name in result.metrics if "oracle" in name]
    assert result.metrics["train_rows"] + result.metrics["validation_rows"] + result.metrics["test_rows"] == 120


def test_parts_are_put_together_and_calibrated() -> None:
    train, watched, unseen = (make_cohort(200, seed=seed) for seed in range(3))
    tier = replace(SMALLEST, slices=2, epochs=((32, 1),) * 3, batch=16, peak_rate=3e-3)
    net, _ = fit_network(train, watched, tier, tier.backbones[0], seed=0)
    halve(net)
    assert all(torch.equal(p, p.half().float()) for p in net.parameters())
    told = scored(assemble({"resnet18": net}, train, watched, tier), unseen, name="test").values
    for part in ("risk", "resnet18", "radiomics"):
        assert told[f"{part}_5"].mean() == pytest.approx(unseen.risk[:, 4].mean(), abs=0.06)
        assert auc(told[f"{part}_5"], unseen.lp > 0) > 0.75
    assert (told["risk_5"] >= told["risk_1"]).all()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tiny_tier_learns_and_shuffled_labels_do_not(tmp_path: Path) -> None:
    """Minutes: phantoms, network and radiomics against the oracle; against labels that belong to other scans."""
    torch.set_num_threads(1)
    result = recipe.run(TrainingRequest(tier="tiny", out=tmp_path, workers=2))
    assert result.metrics["test_oracle_c"] > 0.62
    assert result.metrics["test_c_low"] > 0.5
    tier = TIERS["tiny"]
    cohorts: dict[str, IldCohort] = {
        split: simulate(split, tier.counts[split], size=tier.size, slices=tier.slices, cache=tmp_path / "cohorts")
        for split in ("train", "validation", "test")
    }
    mixed = cohorts["train"].take(np.random.default_rng(0).permutation(len(cohorts["train"])))
    fooled = replace(cohorts["train"], risk=mixed.risk, signs=mixed.signs, patterns=mixed.patterns)
    net, _ = fit_network(fooled, cohorts["validation"], tier, tier.backbones[0], seed=0)
    blind = scored(assemble({"resnet18": net}, fooled, cohorts["validation"], tier), cohorts["test"], name="test")
    told = score(result.bundle, cohorts["test"])
    lp = cohorts["test"].lp
    learned, chance = (float(np.corrcoef(one.values["risk_5"], lp)[0, 1]) for one in (told, blind))
    assert learned > 0.5
    assert abs(chance) < 0.35


def test_the_table_is_found_again(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    made = reproduce(Task(model_name="ssc_ild_mortality_ct", bundle=done.result.bundle, cache=done.out))
    assert [figure.name for figure in made.differing] == []
    assert made.new == {}
    assert {figure.name for figure in made.figures} | set(made.left) == set(done.result.metrics)
    assert set(made.left) == {"train_rows", "validation_rows", "training_scans_seen"}
