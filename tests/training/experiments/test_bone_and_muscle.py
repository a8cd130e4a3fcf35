"""The experiment with almost nobody in it, and its comparison on made-up scores."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.cohorts.test_bone_muscle_data import cohort
from training.experiments import bone_and_muscle as experiment
from training.fitting.bone_muscle_ct import TIERS
from training.loop import Plan
from training.outcomes.bone_muscle_ct import draw_fates

SMALLEST = experiment.Scale(
    tier=replace(
        TIERS["tiny"], train=12, validation=4, test=24, size=16, pixel=12.0, hidden=8, batch=4,
        detection=Plan(epochs=1, peak_rate=1e-3),
    ),
    seeds=2, heads=Plan(epochs=1, peak_rate=1e-3), batch=4, tasks_people=8, tasks=Plan(epochs=1, peak_rate=1e-3),
    fates=2, draws=20,
)  # fmt: skip


def test_every_arm_is_run_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(experiment.SCALES, "tiny", SMALLEST)
    results = experiment.run(tmp_path, seed=1, scale="tiny")
    assert json.loads((tmp_path / "results.json").read_text()) == results
    for label in ("with_muscle", "control"):
        assert results[f"{label}_people"] == 24
        assert {
            f"{label}_{name}" for name in ("gain_c", "gain_c_p", "oracle_c", "gain_auc_5y", "gain_c_seed_1")
        } <= set(results)
    assert results["control_oracle_gain_c"] == 0
    assert results["multitask_gain_c"] == pytest.approx(float(results["multitask_c"]) - float(results["single_task_c"]))
    assert results["tasks_training_people"] == 8


def test_a_better_input_gains_and_the_same_input_does_not() -> None:
    rng = np.random.default_rng(0)
    lp = rng.normal(0, 1, 400)
    fates = [draw_fates(lp, rng, long=True) for _ in range(2)]
    people = replace(
        cohort(400, size=8), lp=lp.astype(np.float32), time=np.stack([f.time for f in fates], 1).astype(np.float32),
        event=np.stack([f.event for f in fates], 1),
    )  # fmt: skip
    poor = lp + rng.normal(0, 1.5, 400)
    told = experiment.compare(people, poor, {"bone_and_muscle": [lp, lp], "bone": [poor, poor]}, draws=60)
    assert told["gain_c_low"] > 0
    assert told["gain_c_p"] < 0.05
    assert told["bone_and_muscle_c"] == pytest.approx(told["oracle_c"], abs=1e-6)
    assert told["events"] == people.event.sum()
    same = experiment.compare(people, poor, {"bone_and_muscle": [poor], "bone": [poor]}, draws=20)
    assert same["gain_c"] == same["gain_c_low"] == 0
