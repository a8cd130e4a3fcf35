"""The medians against the published figures that they stand for."""

from collections.abc import Callable

import numpy as np
import pytest

from training.phantoms.child import growth
from training.phantoms.child.growth import ADULT, Sex

SEXES: tuple[Sex, ...] = ("M", "F")
SIX = 72.0


@pytest.mark.parametrize(
    ("measure", "boys", "girls"),
    [(growth.thorax_width, 0.66, 0.67), (growth.lung_length, 0.62, 0.63), (growth.heart_width, 0.78, 0.81)],
)
def test_shares_of_the_adult_at_six_years(measure: Callable[[float, Sex], float], boys: float, girls: float) -> None:
    assert measure(SIX, "M") / measure(ADULT, "M") == pytest.approx(boys, abs=0.005)
    assert measure(SIX, "F") / measure(ADULT, "F") == pytest.approx(girls, abs=0.005)


@pytest.mark.parametrize("sex", SEXES)
def test_the_heart_fills_less_of_the_chest_as_the_child_grows(sex: Sex) -> None:
    ages = (0.0, 12.0, 36.0, 60.0, 120.0, 192.0)
    ratios = [growth.heart_width(a, sex) / growth.thorax_width(a, sex) for a in ages]
    assert ratios == sorted(ratios, reverse=True) or max(np.diff(ratios)) < 0.015
    assert 0.52 < ratios[0] < 0.58
    assert 0.47 < ratios[3] < 0.52
    assert ratios[-1] < 0.43


@pytest.mark.parametrize("sex", SEXES)
def test_grown_hearts_are_within_the_limits_of_health(sex: Sex) -> None:
    assert growth.heart_width(ADULT, sex) < {"M": 155, "F": 145}[sex]


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize(
    "measure",
    [growth.thorax_width, growth.lung_length, growth.heart_width, growth.vertebral_body, growth.stature_median,
     growth.humeral_head],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_no_median_ever_shrinks(measure: Callable[[float, Sex], float], sex: Sex) -> None:
    values = [measure(float(a), sex) for a in np.arange(0, ADULT + 1)]
    assert min(np.diff(values)) >= -1e-9
    assert values[12] > 1.2 * values[0]


@pytest.mark.parametrize(
    ("months", "sex", "cm"),
    [(0, "M", 49.9), (12, "M", 75.7), (24, "M", 87.8), (60, "M", 110.0), (0, "F", 49.1), (12, "F", 74.0),
     (24, "F", 86.4), (60, "F", 109.4), (216, "M", 176.0), (216, "F", 163.0)],
)  # fmt: skip
def test_stature(months: float, sex: Sex, cm: float) -> None:
    assert growth.stature_median(months, sex) == pytest.approx(cm, abs=0.2)


def test_the_head_of_the_humerus_turns_to_bone_by_the_published_formula() -> None:
    for months in (0, 6, 12, 24, 35):
        assert growth.humeral_head(months, "M") == pytest.approx(0.5 * months + 4)
        assert growth.humeral_head(months, "F") == pytest.approx(0.6 * months + 3)
    for sex in SEXES:  # no step where the formula ends
        assert growth.humeral_head(36.01, sex) == pytest.approx(growth.humeral_head(35.99, sex), abs=0.1)


def test_vertebrae_grow_from_9_to_28_mm() -> None:
    assert growth.vertebral_body(0, "M") == pytest.approx(9, abs=0.2)
    assert growth.vertebral_body(0, "F") == pytest.approx(9, abs=0.2)
    assert growth.vertebral_body(ADULT, "M") == pytest.approx(28, abs=0.2)
    assert growth.vertebral_body(ADULT, "F") == pytest.approx(0.955 * 28, abs=0.2)


def test_the_humerus_closes_at_16_in_boys_and_15_in_girls() -> None:
    for sex, closed in (("M", 192), ("F", 180)):
        assert growth.at(growth.PHYSIS[sex], closed) == 0  # type: ignore[index]
        assert growth.at(growth.PHYSIS[sex], closed - 12) > 0.5  # type: ignore[index]


def test_the_chest_is_round_at_birth_and_wide_later() -> None:
    assert growth.at(growth.ROUNDNESS, 0) < 1.4
    assert growth.at(growth.ROUNDNESS, 54) == pytest.approx(1.57)
    assert growth.at(growth.ROUNDNESS, ADULT) == pytest.approx(1.64)


@pytest.mark.parametrize(("months", "sd"), [(0, 0), (30, 4), (60, 8), (102, 10), (144, 12), (216, 12)])
def test_skeletal_age_strays_more_as_the_child_grows(months: float, sd: float) -> None:
    assert growth.maturity_sd(months) == pytest.approx(sd)
