"""The recipe with tiers so small that nothing is learned: what it writes, and that it reads back and scores."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bone_muscle_ct import preprocess
from models.bone_muscle_ct.layout import SLICES
from models.bone_muscle_ct.reader import Reader, load_reader
from screening.errors import WeightsMismatch
from training.cohorts.bone_muscle_ct import Fates, simulate
from training.fitting import bone_segmentation
from training.fitting.bone_muscle_ct import TIERS, Tier
from training.loop import Plan
from training.recipes import bone_muscle_ct as recipe
from training.recipes import bone_muscle_judge
from training.recipes.bone_muscle_texts import CARD, METADATA, network_data_format
from training.reproduce import Task, reproduce
from training.request import TrainingRequest, TrainingResult
from training.scoring.bone_muscle_ct import score

SMALLEST = Tier(
    train=8, validation=16, test=16, external=16, whole=1, size=16, pixel=12.0, width=0.25, hidden=8, batch=4,
    fates=8, detection=Plan(epochs=1, peak_rate=1e-3), hazard=Plan(epochs=1, peak_rate=1e-3),
)  # fmt: skip
SEGMENTATION = bone_segmentation.Tier(
    train=1, validation=1, judged=1, crops=((32, 32, 32),), widths=(4, 4), batch=1, steps=1,
    plan=Plan(epochs=1, peak_rate=1e-3),
)  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingResult, Path, set[str]]:
    torch.set_num_threads(1)
    out, stages = tmp_path_factory.mktemp("trained"), set[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TIERS, "tiny", SMALLEST)
        patch.setitem(bone_segmentation.TIERS, "tiny", SEGMENTATION)
        patch.setattr(bone_muscle_judge, "DRAWS", 30)
        patch.setattr(bone_muscle_judge, "FEWEST", 2)
        request = TrainingRequest(tier="tiny", out=out, seed=3, progress=lambda stage, *_: stages.add(stage))
        result = recipe.run(request)
    return result, out, stages


@pytest.fixture(scope="module")
def reader(done: tuple[TrainingResult, Path, set[str]]) -> Reader:
    return load_reader(done[0].bundle)


def test_each_stage_is_reported(done: tuple[TrainingResult, Path, set[str]]) -> None:
    fits = {f"{name}-{task}" for name in ("bone", "bone_and_muscle") for task in ("detection", "both")}
    splits = {f"phantoms:{split}" for split in ("train", "validation", "test", "external", "segmentation")}
    assert fits | splits | {"segmentation", "whole", "judge:segmentation"} <= done[2]


def test_the_bundle_says_what_it_holds(done: tuple[TrainingResult, Path, set[str]], reader: Reader) -> None:
    bundle = done[0].bundle
    told = json.loads((bundle / "configs" / "opportune.json").read_text())
    assert {name: told["card"][name] for name in CARD} == CARD
    assert told["card"]["input_size"] == [SLICES, 16, 16]
    assert told["preprocessing"] == {"version": preprocess.VERSION, "size": 16, "pixel": 12.0}
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    assert {name: metadata[name] for name in METADATA} == METADATA
    assert metadata["network_data_format"] == network_data_format(16, SLICES, 5)
    assert "8 simulated people" in reader.card.trained_on
    assert (reader.size, reader.pixel) == (16, 12.0)


def test_what_was_judged_is_what_is_shipped(done: tuple[TrainingResult, Path, set[str]]) -> None:
    result, out, _ = done
    people = simulate(
        "test", 16, size=16, pixel=12.0, seed=3, fates=Fates(each=8), cache=out / "cohorts",
        progress=lambda *_: pytest.fail("drawn again"),
    )  # fmt: skip
    scored = score(result.bundle, people, name="internal")
    assert len(scored) == 16 * 8
    assert scored.name == "internal"
    assert scored.values["risk_5"].mean() == pytest.approx(result.metrics["test_risk_5y_predicted"], rel=1e-4)
    risks = np.stack([scored.values[f"risk_{k}"] for k in range(1, 6)])
    assert (np.diff(risks, axis=0) >= 0).all()
    assert ((risks > 0) & (risks < 1)).all()
    assert {"bone_1", "bone_5", "fracture", "fracture_score", "oracle", "frax"} <= set(scored.values)
    assert set(scored.groups) == {"sex", "age_band", "vendor"}
    assert not scored.has("frax")


def test_results_hold_the_oracle_and_both_inputs(done: tuple[TrainingResult, Path, set[str]]) -> None:
    told = json.loads((done[0].bundle / "docs" / "results.json").read_text())
    for split in ("test", "external"):
        assert {f"{split}_{name}" for name in ("c", "bone_c", "oracle_c", "efficiency", "c_gain_by_muscle")} <= set(
            told
        )
    assert told["whole_people"] == told["segmentation_people"] == 1
    assert 0 <= told["segmentation_dice_bone"] <= 1
    assert told == {name: pytest.approx(value, nan_ok=True) for name, value in done[0].metrics.items()}


def test_absent_levels_have_no_probability(reader: Reader) -> None:
    people = simulate("test", 1, size=16, pixel=12.0)
    stack = preprocess.Stack(
        pictures=people.pictures[0], bone=np.ones((16, 16, 16), np.bool_), muscle=np.zeros((16, 16, 16), np.bool_),
        present=np.arange(16) > 0,
    )  # fmt: skip
    readings = reader.read([stack])
    assert np.isnan(readings.levels[0, 5])
    assert np.isfinite(readings.levels[0, :5]).all()
    assert readings.attention[0, 0] == 0
    assert readings.risks.shape == readings.bone_risks.shape == (1, 5)
    assert np.isfinite(readings.distance).all()


def test_stacks_of_another_size_are_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="16 x 16"):
        reader.read([])


def test_a_bundle_of_other_preprocessing_is_refused(
    done: tuple[TrainingResult, Path, set[str]], tmp_path: Path
) -> None:
    copied = shutil.copytree(done[0].bundle, tmp_path / "bundle")
    path = copied / "configs" / "opportune.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"preprocessing": told["preprocessing"] | {"version": "older"}}))
    with pytest.raises(WeightsMismatch, match="older"):
        load_reader(copied)
    path.write_text(json.dumps(told | {"calibration": {}}))
    with pytest.raises(WeightsMismatch, match="configuration"):
        load_reader(copied)


def test_the_table_is_found_again(done: tuple[TrainingResult, Path, set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIERS, "tiny", SMALLEST)
    monkeypatch.setattr(bone_muscle_judge, "DRAWS", 30)
    monkeypatch.setattr(bone_muscle_judge, "FEWEST", 2)
    made = reproduce(Task(model_name="bone_muscle_ct", bundle=done[0].bundle, cache=done[1]))
    assert [figure.name for figure in made.differing] == []
    assert made.new == {}
    assert {figure.name for figure in made.figures} | set(made.left) == set(done[0].metrics)
    assert set(made.left) == {"train_rows", "validation_rows"}
