"""Calibration and judgement."""

from dataclasses import replace

import numpy as np
import pytest

from models.bone_muscle_ct.calibration import Calibration, Platt, YearlyPlatt
from tests.training.cohorts.test_bone_muscle_data import cohort
from training.cohorts.bone_muscle_data import BoneMuscleCohort
from training.fitting.bone_muscle_ct import Predicted
from training.outcomes.bone_muscle_ct import draw_fates
from training.recipes import bone_muscle_judge
from training.recipes.bone_muscle_judge import calibrate, compare_slices, judge

NONE = Calibration(
    both=YearlyPlatt(intercepts=(0.0,) * 5, slope=1.0), bone=YearlyPlatt(intercepts=(0.0,) * 5, slope=1.0),
    fracture=Platt(intercept=0.0, slope=1.0), level=Platt(intercept=0.0, slope=1.0),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bone_muscle_judge, "DRAWS", 40)


@pytest.fixture(scope="module")
def people() -> BoneMuscleCohort:
    base = cohort(400, size=8)
    rng = np.random.default_rng(0)
    lp = rng.normal(0, 0.9, 400)
    fates = [draw_fates(lp, rng) for _ in range(4)]
    return replace(
        base, lp=lp.astype(np.float32), time=np.stack([f.time for f in fates], 1).astype(np.float32),
        event=np.stack([f.event for f in fates], 1),
    )  # fmt: skip


def seen(people: BoneMuscleCohort, *, noise: float = 0.0) -> Predicted:
    rng = np.random.default_rng(1)
    lp = people.lp + noise * rng.normal(size=len(people))
    return Predicted(
        hazard=np.stack([lp - 3 + 0.4 * k for k in range(5)], 1).astype(np.float64),
        fracture=people.fractured * 2.0 + rng.normal(size=len(people)),
        levels=people.broken * 2.0 + rng.normal(size=people.broken.shape), features=rng.normal(size=(len(people), 4)),
    )  # fmt: skip


def test_the_oracle_has_the_oracles_efficiency(people: BoneMuscleCohort) -> None:
    told = judge(people, seen(people), seen(people, noise=1.0), NONE)
    assert told["efficiency"] == pytest.approx(1.0, abs=0.01)
    assert told["bone_efficiency"] < 0.9
    assert told["c_gain_by_muscle"] == pytest.approx(told["c"] - told["bone_c"])
    assert told["c_gain_by_muscle_low"] < told["c_gain_by_muscle"] < told["c_gain_by_muscle_high"]
    assert told["c_low"] < told["c"] < told["c_high"]
    assert told["correlation_with_oracle"] == pytest.approx(1, abs=1e-5)
    assert told["events_5y"] == (people.event & (people.time <= 5)).sum()
    assert 0.8 < told["fracture_auc"] < 1


def test_calibrated_risks_are_the_observed_ones(people: BoneMuscleCohort) -> None:
    off = seen(people)
    off = off._replace(hazard=2 * off.hazard + 3)
    calibration = calibrate(off, off, people)
    told = judge(people, off, off, calibration)
    assert told["risk_5y_predicted"] == pytest.approx(told["risk_5y_observed"], abs=0.02)
    assert calibration.both.slope == pytest.approx(0.5, abs=0.15)
    assert calibration.fracture(off.fracture).mean() == pytest.approx(people.fractured.mean(), abs=1e-3)
    assert calibration.level(off.levels).mean() == pytest.approx(people.broken.mean(), abs=1e-3)


def test_of_real_people_there_is_no_oracle(people: BoneMuscleCohort) -> None:
    real = replace(people, lp=np.full(len(people), np.nan, np.float32), broken=np.full((len(people), 6), np.nan))
    told = judge(real, seen(people), seen(people), NONE)
    assert "c" in told
    assert not any("oracle" in name or "efficiency" in name or "fracture_auc" in name for name in told)


def test_without_events_nothing_is_said_of_risks(people: BoneMuscleCohort) -> None:
    told = judge(replace(people, event=np.zeros_like(people.event)), seen(people), seen(people), NONE)
    assert told["events_5y"] == 0
    assert "c" not in told


def test_labels_of_one_kind_leave_calibration_alone(people: BoneMuscleCohort) -> None:
    sound = replace(people, broken=np.zeros_like(people.broken), event=np.zeros_like(people.event))
    sound.event[0, 0] = True
    some = seen(people)
    assert calibrate(some, some, sound).fracture == Platt(intercept=0.0, slope=1.0)


def test_the_same_slices_cost_nothing(people: BoneMuscleCohort) -> None:
    told = compare_slices(people, seen(people), seen(people), NONE)
    assert told["whole_risk_5y_correlation"] == pytest.approx(1)
    assert told["whole_risk_5y_mean_absolute_change"] == 0
    assert told["whole_c_true_slices"] == told["whole_c_found_slices"]
    worse = compare_slices(people, seen(people), seen(people, noise=2.0), NONE)
    assert worse["whole_c_found_slices"] < told["whole_c_true_slices"]
