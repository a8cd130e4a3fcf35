"""The typed-in hazard: directions, spread, oracle, negative control."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.concordance import harrell_c
from training.outcomes.bone_muscle_ct import (
    LP_SD,
    RISKS,
    TRABECULAR,
    Person,
    draw_fates,
    linear_predictor,
)
from training.phantoms.spine.anatomy import draw_anatomy
from training.phantoms.spine.phantom import draw_person


@pytest.fixture(scope="module")
def people() -> Person:
    """800 of the simulator's."""
    rows = []
    for seed in range(800):
        age, sex = draw_person(seed)
        body = draw_anatomy(seed, age=age, sex=sex)
        hu = np.mean([body.vertebra(level).trabecular_hu for level in ("L1", "L2", "L3")])
        broken = any(v.fracture.grade for v in body.vertebrae if v.level not in {"T10", "T11", "S1"})
        rows.append((hu, broken, body.muscle_hu, body.muscle_area, age, sex == "F"))
    columns = np.array(rows, np.float64).T
    names = ("trabecular", "fractured", "muscle_hu", "muscle_area", "age", "woman")
    return Person(**dict(zip(names, columns, strict=True)))


def test_the_spread_is_what_the_baseline_was_set_for(people: Person) -> None:
    lp = linear_predictor(people)
    assert lp.std() == pytest.approx(LP_SD, abs=0.1)
    assert lp.mean() == pytest.approx(0, abs=0.2)
    assert people.trabecular.mean() == pytest.approx(TRABECULAR[0], abs=5)


@pytest.mark.parametrize(
    ("name", "worse"), [("trabecular", -20.0), ("muscle_hu", -5.0), ("muscle_area", -10.0), ("age", 5.0)]
)
def test_directions(people: Person, name: str, worse: float) -> None:
    changed = replace(people, **{name: getattr(people, name) + worse})
    assert (linear_predictor(changed) > linear_predictor(people)).all()


def test_without_its_weight_muscle_does_not_count(people: Person) -> None:
    changed = replace(people, muscle_hu=people.muscle_hu - 10, muscle_area=people.muscle_area / 2)
    np.testing.assert_array_equal(linear_predictor(changed, beta_muscle=0), linear_predictor(people, beta_muscle=0))
    assert (linear_predictor(changed) != linear_predictor(people)).all()


def test_the_oracle_is_no_prophet(people: Person) -> None:
    lp = np.repeat(linear_predictor(people), 10)
    fates = draw_fates(lp, np.random.default_rng(0))
    assert 0.67 < harrell_c(fates.time, fates.event, lp).c < 0.74
    assert fates.risk_at(5.0).mean() == pytest.approx(RISKS[5.0], abs=0.03)


def test_long_follow_up_sees_most_events(people: Person) -> None:
    lp = linear_predictor(people)
    assert draw_fates(lp, np.random.default_rng(0), long=True).event.mean() > 0.75
    assert draw_fates(lp, np.random.default_rng(0)).event.mean() < 0.35
