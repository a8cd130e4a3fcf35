import numpy as np
import pytest

from training.phantoms.spine.anatomy import Sex, draw_anatomy, expected_muscle, expected_trabecular_hu


@pytest.mark.parametrize(("age", "mean"), [(25, 226), (45, 188), (65, 138.5), (75, 113.5), (92, 89)])
def test_trabecular_hu_by_decade(age: float, mean: float) -> None:
    drawn = [draw_anatomy(k, age=age, sex="F" if k % 2 else "M").vertebra("L1") for k in range(240)]
    hu = np.array([v.trabecular_hu for v in drawn if v.fracture.grade == 0])
    assert abs(hu.mean() - mean) < 9
    assert 32 < hu.std() < 50


def test_women_are_denser_until_the_menopause() -> None:
    assert expected_trabecular_hu(35, "F") > expected_trabecular_hu(35, "M")
    assert expected_trabecular_hu(70, "F") == expected_trabecular_hu(70, "M")


def test_l3_is_a_little_less_dense_than_l1() -> None:
    people = [draw_anatomy(k, age=30, sex="F", fractures={}) for k in range(150)]
    gap = np.mean([a.vertebra("L1").trabecular_hu - a.vertebra("L3").trabecular_hu for a in people])
    assert gap == pytest.approx(9, abs=2)


@pytest.mark.parametrize(
    ("age", "area", "hu"), [(40, 120.6, 41.8), (50, 119.5, 38.1), (60, 110.6, 33.4), (70, 104.5, 29.3)]
)
def test_wanted_muscle_of_women(age: float, area: float, hu: float) -> None:
    people = [draw_anatomy(k, age=age, sex="F") for k in range(300)]
    assert np.mean([a.muscle_area for a in people]) == pytest.approx(area, rel=0.04)
    assert np.mean([a.muscle_hu for a in people]) == pytest.approx(hu, abs=1.5)
    assert 13 < np.std([a.muscle_area for a in people]) < 21


@pytest.mark.parametrize(("sex", "area", "hu"), [("M", 134.0, 29.3), ("F", 89.2, 22.0)])
def test_fifth_centiles_of_adults(sex: Sex, area: float, hu: float) -> None:
    people = [draw_anatomy(k, age=20 + k % 60, sex=sex) for k in range(500)]
    assert np.percentile([a.muscle_area for a in people], 5) == pytest.approx(area, rel=0.12)
    assert np.percentile([a.muscle_hu for a in people], 5) == pytest.approx(hu, abs=5.5)
    assert expected_muscle(30, sex)[0] > expected_muscle(75, sex)[0]


def test_a_seed_is_a_body() -> None:
    first, second = draw_anatomy(9, age=66, sex="M"), draw_anatomy(9, age=66, sex="M")
    assert first.muscle_area == second.muscle_area
    np.testing.assert_array_equal(first.vertebra("L2").centre, second.vertebra("L2").centre)
    with pytest.raises(KeyError, match="T4"):
        first.vertebra("T4")
