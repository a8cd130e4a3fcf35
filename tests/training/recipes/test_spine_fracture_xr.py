"""The whole recipe in its tiny tier, the keypoint network standing aside: what it learns, writes and says."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import save_file

from models.hrnet import KeypointHRNet
from models.spine_fracture_xr import reader as reader_module
from models.spine_fracture_xr.keypoints import Located
from models.spine_fracture_xr.network import FULL, PARTNERS, arms
from models.spine_fracture_xr.reader import load_reader
from screening.errors import ConfigurationError
from tests.training.spine_people import cohort
from training.cohorts.spine_fracture_xr import SpineCohort, simulate
from training.cohorts.table import BadRow
from training.evaluation.scored import ScoredCohort
from training.fitting import spine_keypoints
from training.fitting.spine_hazard import TIERS, features_of, mean_c, train_hazard
from training.recipes import spine_fracture_xr as recipe
from training.reproduce import Task, reproduce
from training.request import TrainingRequest, TrainingResult
from training.scoring.spine_fracture_xr import scored

TINY = TIERS["tiny"]


class Known:
    """Answers as a keypoint network that errs by a pixel, for pictures it was told of."""

    def __init__(self) -> None:
        self.points: dict[bytes, npt.NDArray[np.float64]] = {}

    def learn(self, people: SpineCohort) -> None:
        for picture, points in zip(people.images[:, 0], people.points, strict=True):
            self.points[picture.tobytes()] = points.astype(np.float64)

    def __call__(self, _: object, __: int, squares: npt.NDArray[np.float32], *, device: torch.device) -> Located:
        found = [self.points[np.round(square * 255).astype(np.uint8).tobytes()] for square in squares]
        noise = np.random.default_rng(0).normal(0, 0.7, (len(found), 5, 2))
        return Located(np.stack(found) + noise, np.ones((len(found), 5)))


@dataclass(frozen=True)
class Run:
    """What the recipe came to."""

    result: TrainingResult
    out: Path
    known: Known
    stages: set[str]

    def people(self, split: str, count: int) -> SpineCohort:
        return simulate(
            split, count, size=TINY.stored, films=TINY.films if split == "train" else 1, cache=self.out / "cohorts"
        )


def keypoints_of(folder: Path) -> None:
    """Weights of a keypoint network that was trained before."""
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    save_file(KeypointHRNet(5, spine_keypoints.TIERS["tiny"].width).state_dict(), folder / recipe.KEYPOINTS)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)
    out, known, stages = tmp_path_factory.mktemp("trained"), Known(), set[str]()
    keypoints_of(out / "keypoints")
    request = TrainingRequest(tier="tiny", out=out, workers=2, progress=lambda stage, *_: stages.add(stage))
    counts = {"validation": TINY.validation, "test": TINY.test, "external": TINY.external}
    for split, count in counts.items():
        known.learn(recipe.draw(request, TINY, split, count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "find", known)
        patch.setattr(reader_module, "find", known)
        patch.setattr(recipe, "DRAWS", 40)
        result = recipe.run(request)
    return Run(result, out, known, stages)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_it_learns_less_than_the_oracle_and_more_than_from_shuffled_fates(done: Run) -> None:
    figures = done.result.metrics
    assert figures["test_c_oracle"] > 0.68
    assert figures["test_c_deepsurv_image"] < figures["test_c_oracle_high"]
    assert figures["test_efficiency"] > 0.2
    train = done.people("train", TINY.train)
    shuffled = replace(train, lp=np.random.default_rng(1).permutation(train.lp))
    validation, test = done.people("validation", TINY.validation), done.people("test", TINY.test)
    blind = train_hazard(
        recipe.shown_of(shuffled, TINY, split="train", seed=0),
        recipe.shown_of(validation, TINY, split="validation", seed=0, learning=False), replace(TINY, epochs=10), seed=0,
    ).net  # fmt: skip
    seen = recipe.shown_of(test, TINY, split="test", seed=0)
    with torch.no_grad():
        hazards = blind.hazards(features_of(blind, seen.pictures[0]), torch.from_numpy(seen.items))
    mean = np.mean([mean_c(hazard.numpy(), seen) for hazard in hazards.values()])
    assert mean == pytest.approx(0.5, abs=0.07)
    assert figures["test_c_deepsurv_image"] > mean + 0.03


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_bundle_reads_back_and_gives_the_figures_of_the_results(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = done.result.bundle
    monkeypatch.setattr(reader_module, "find", done.known)
    reader = load_reader(bundle)
    table = scored(reader, done.people("test", TINY.test))
    assert TINY.test - 3 <= len(table) <= TINY.test  # the keypoints err, a few by too much
    assert (table.values["risk_5"] >= table.values["risk_3"]).all()
    assert 0.005 < table.values["risk_3"].mean() < 0.3
    options: dict[str, Any] = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
    assert options["card"]["evidence"] == "simulation"
    assert "simulated people only" in options["card"]["limits"][0]
    results = json.loads((bundle / "docs" / "results.json").read_text(encoding="utf-8"))
    assert results == dict(done.result.metrics)
    assert {"test_c_cox_m3", "test_c_deepsurv_m1", "test_c_deepsurv_image_m3", "external_c_image"} <= set(results)
    assert results["test_share_without_spine"] < 0.03
    assert 0.5 < results["test_observed_3"] / results["test_predicted_3"] < 2
    assert {"phantoms:train", "hazard-picture", "hazard-arms", "scoring"} <= done.stages


def test_keypoints_that_were_trained_before_are_taken(tmp_path: Path) -> None:
    keypoints_of(tmp_path / "keypoints")
    found = recipe.trained_keypoints(TrainingRequest(tier="tiny", out=tmp_path))
    assert found.size == spine_keypoints.TIERS["tiny"].size
    torch.manual_seed(0)
    first = next(KeypointHRNet(5, found.width).parameters())
    assert torch.equal(next(found.network.parameters()), first.half().float())


def test_people_without_a_spine_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keypoints_of(tmp_path / "keypoints")
    request = TrainingRequest(tier="tiny", out=tmp_path)
    people = cohort()

    def answer(*_: object, **__: object) -> Located:
        return Located(people.points.astype(np.float64) + 1, np.array([[1.0] * 5] * 4 + [[0.0] * 5] * 2))

    monkeypatch.setattr(recipe, "find", answer)
    keypoints = recipe.trained_keypoints(request)
    assert recipe.located_by(keypoints, people, request) is people
    found = recipe.located_by(keypoints, people.with_points(np.full((6, 5, 2), np.nan)), request)
    assert len(found) == 4
    np.testing.assert_allclose(found.points, people.points[:4] + 1, rtol=1e-6)


def test_keypoints_that_find_no_spine_at_all_are_an_error(tmp_path: Path) -> None:
    keypoints_of(tmp_path / "keypoints")
    request = TrainingRequest(tier="tiny", out=tmp_path)
    untrained = recipe.trained_keypoints(request)
    with pytest.raises(ConfigurationError, match="no spine on any of 6 pictures; take a larger tier"):
        recipe.locate(untrained, cohort(), request)


def test_calibration_finds_the_slope_of_the_raw_hazard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A network that knows half the oracle's log-hazard is doubled; its partner, which knows nothing, hardly counts."""
    people = cohort()

    def half(*_: object) -> dict[str, torch.Tensor]:
        return {name: torch.from_numpy(people.lp / 2) for name in arms()} | {
            partner: torch.from_numpy(np.arange(6.0) % 2) for partner in PARTNERS.values()
        }

    monkeypatch.setattr(recipe, "features_of", lambda *_: torch.zeros(6, 1))
    monkeypatch.setattr(recipe, "CALIBRATION_LIVES", 400)
    made: Callable[..., Any] = recipe.calibrate
    blends, calibration = made(
        SimpleNamespace(hazards=half), people, TINY, TrainingRequest(tier="tiny", out=tmp_path)
    )  # fmt: skip
    assert 1.2 < blends[FULL][0] < 2.8
    assert blends[FULL][1] < 0.4
    assert 0.7 < calibration.slope < 1.6  # of what is blended already
    assert len(calibration.quantiles) == recipe.QUANTILES
    assert calibration.risk(people.lp / 2)[:, 1].max() < 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_table_is_found_again(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "find", done.known)
    monkeypatch.setattr(recipe, "DRAWS", 40)
    made = reproduce(Task(model_name="spine_fracture_xr", bundle=done.result.bundle, cache=done.out))
    assert [figure.name for figure in made.differing] == []
    assert made.new == {}
    assert {figure.name for figure in made.figures} | set(made.left) == set(done.result.metrics)
    assert set(made.left) == {"train_rows", "validation_rows", "training_lives", "training_events"}


def test_fates_do_not_hang_on_who_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    people = cohort()
    told: list[tuple[list[str], list[float]]] = []

    def judge(table: ScoredCohort, futures: Sequence[SpineCohort], *, seed: int) -> dict[str, float]:
        told.append((list(table.patient_id), list(futures[0].time)))
        return {}

    for left_out in ([], [2]):
        kept = np.setdiff1d(np.arange(len(people)), left_out)
        bad = tuple(BadRow(line=line, faults=()) for line in left_out)
        table = ScoredCohort(
            model_name="spine_fracture_xr",
            name="test",
            patient_id=people.patient_id[kept],
            values={},
            groups={},
            bad=bad,
        )
        monkeypatch.setattr(recipe, "scored", lambda *_, table=table, **__: table)
        monkeypatch.setattr(recipe, "judge", judge)
        recipe.judged(None, people, "test", TrainingRequest(tier="tiny", out=Path()))  # type: ignore[arg-type]
    (everybody, times), (others, their_times) = told
    assert len(others) == len(everybody) - 1
    assert dict(zip(others, their_times, strict=True)).items() < dict(zip(everybody, times, strict=True)).items()
