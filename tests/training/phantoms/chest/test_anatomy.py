from typing import Literal

import numpy as np
import pytest

from tests.training.phantoms.chest.bodies import body
from training.phantoms.chest.anatomy import (
    AP_MAGNIFICATION,
    CHILD_AT_6,
    HEALTHY_RATIO,
    LUNG_HEIGHT,
    THORAX_WIDTH,
    Anatomy,
    View,
)

HEALTHY_HEART = {"M": 155.0, "F": 145.0}  # mm, upper limits of the width on PA


def people(**wishes: object) -> list[Anatomy]:
    return [body(seed, **wishes) for seed in range(400)]  # type: ignore[arg-type]


def mean(values: list[float]) -> float:
    return float(np.mean(values))


def test_a_seed_is_a_body() -> None:
    assert body(3) == body(3)
    assert len({body(seed).half_width for seed in range(20)}) == 20


@pytest.mark.parametrize("sex", ["M", "F"])
def test_the_standing_thorax_has_the_measures_it_cites(sex: Literal["M", "F"]) -> None:
    adults = people(sex=sex)
    assert mean([2 * a.half_width for a in adults]) == pytest.approx(THORAX_WIDTH[sex][0], abs=4)
    assert np.std([2 * a.half_width for a in adults]) == pytest.approx(THORAX_WIDTH[sex][1], rel=0.3)
    # a mean inspiration is 5 % short of the deepest
    assert mean([a.lung_height for a in adults]) == pytest.approx(0.95 * LUNG_HEIGHT[sex][0], rel=0.03)
    assert 0.58 < min(a.depth / a.half_width for a in adults) < max(a.depth / a.half_width for a in adults) < 0.78


@pytest.mark.parametrize("sex", ["M", "F"])
def test_young_hearts_are_mostly_of_healthy_size(sex: Literal["M", "F"]) -> None:
    young = people(sex=sex, age=30.0)
    assert mean([a.ratio for a in young]) == pytest.approx(HEALTHY_RATIO[0], abs=0.02)
    assert mean([a.ratio < 0.5 for a in young]) > 0.75
    assert mean([2 * a.half_width * a.ratio < HEALTHY_HEART[sex] for a in young]) > 0.8


def test_a_heart_looks_larger_in_bed_by_the_magnification() -> None:
    factor = mean([a.ratio for a in people(view="AP")]) / mean([a.ratio for a in people()])
    assert AP_MAGNIFICATION[0] < factor < AP_MAGNIFICATION[1]


def test_in_bed_lungs_are_shorter_scapulae_are_in_the_way_and_patients_lie_askew() -> None:
    standing, lying = people(), people(view="AP")
    assert mean([a.lung_height for a in lying]) < 0.9 * mean([a.lung_height for a in standing])
    assert max(a.scapula_in for a in standing) < min(a.scapula_in for a in lying)
    assert np.std([a.tilt for a in lying]) > 1.5 * np.std([a.tilt for a in standing])
    assert mean([a.stomach > 0 for a in lying]) < mean([a.stomach > 0 for a in standing])


def test_age_unfolds_the_aorta_and_takes_bone_most_from_women() -> None:
    young, old = people(age=35.0), people(age=85.0)
    for name in ("aorta", "unfolding", "calcified", "kyphosis", "ratio"):
        assert mean([getattr(a, name) for a in old]) > mean([getattr(a, name) for a in young]), name
    assert mean([a.bone for a in old]) < 0.85 * mean([a.bone for a in young])
    assert mean([a.bone for a in people(age=85.0, sex="F")]) < mean([a.bone for a in old])
    assert max(a.calcified for a in young) == 0


def test_children_have_two_thirds_of_the_lungs_no_breasts_and_relatively_large_hearts() -> None:
    adults, children = people(sex="F", age=18.0), people(sex="F", age=6.0)
    for name in ("half_width", "lung_height"):
        share = mean([getattr(a, name) for a in children]) / mean([getattr(a, name) for a in adults])
        assert share == pytest.approx(CHILD_AT_6, abs=0.005), name
    assert mean([a.breast for a in children]) < 0.4 * mean([a.breast for a in adults])
    assert mean([a.ratio for a in children]) > mean([a.ratio for a in adults])
    halfway = people(sex="F", age=12.0)
    share = mean([a.half_width for a in halfway]) / mean([a.half_width for a in adults])
    assert share == pytest.approx((1 + CHILD_AT_6) / 2, abs=0.005)


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_no_body_is_impossible(view: View) -> None:
    for age in (3.0, 19.0, 97.0):
        for a in people(view=view, age=age):
            measured = {k: v for k, v in vars(a).items() if isinstance(v, float)}
            assert min(v for k, v in measured.items() if k not in ("tilt", "roll", "rib_phase")) >= 0
            assert 0.36 <= a.ratio <= 0.68
            assert a.calcified <= 1
            assert a.kyphosis <= 1
            assert 0.5 <= a.bone <= 1.4
            assert a.half_width > a.mediastinum > 0
