import numpy as np
import pytest

from tests.training.phantoms.child.bodies import child
from training.phantoms.chest.anatomy import CAGE
from training.phantoms.child import growth
from training.phantoms.child.anatomy import HALF, infancy
from training.phantoms.child.growth import Sex

AGES = (0.0, 6.0, 24.0, 72.0, 132.0, 216.0)


def median(name: str, months: float, sex: Sex = "M", n: int = 60) -> float:
    return float(np.median([getattr(child(months, seed, sex=sex).truth, name) for seed in range(n)]))


def test_lying_newborns_have_large_hearts_and_none_beyond_health() -> None:
    ratios = np.array([child(0.2, seed, view="AP").truth.cardiothoracic_ratio for seed in range(200)])
    assert 0.54 < np.median(ratios) < 0.60
    assert 0.62 < ratios.max() <= 0.66
    standing = np.array([child(192, seed).truth.cardiothoracic_ratio for seed in range(200)])
    assert np.mean(standing < 0.5) > 0.98


@pytest.mark.parametrize("sex", ["M", "F"])
@pytest.mark.parametrize("name", ["thorax_width", "thorax_depth", "lung_length", "heart_width", "vertebral_body"])
def test_everything_grows(name: str, sex: Sex) -> None:
    medians = [median(name, age, sex) for age in AGES]
    assert medians == sorted(medians)


def test_drawn_sizes_follow_the_medians() -> None:
    for sex in ("M", "F"):
        for months in (1.0, 72.0, 180.0):
            assert median("thorax_width", months, sex) == pytest.approx(growth.thorax_width(months, sex), rel=0.02)
            assert median("humeral_head", months, sex) == pytest.approx(growth.humeral_head(months, sex), abs=0.3)
            assert median("lung_length", months, sex) == pytest.approx(growth.lung_length(months, sex), rel=0.03)


def test_the_shape_is_what_the_truth_says() -> None:
    for months in AGES:
        drawn = child(months, 3)
        shape, truth, scale = drawn.shape, drawn.truth, drawn.scale
        assert shape.half_width == HALF
        assert 2 * shape.half_width * scale == pytest.approx(truth.thorax_width)
        assert shape.lung_height * scale == pytest.approx(truth.lung_length)
        assert 2 * shape.depth * scale == pytest.approx(truth.thorax_depth)
        assert shape.ratio == pytest.approx(truth.cardiothoracic_ratio)


def test_newborns_are_built_otherwise() -> None:
    small, grown = child(0), child(216)
    assert small.shape.rib_slope < 0.4 * grown.shape.rib_slope
    assert small.shape.lung_height < 0.85 * grown.shape.lung_height  # short and wide
    assert small.shape.rib_end[1] < grown.shape.rib_end[0]  # more cartilage in front
    assert grown.shape.cage == CAGE
    assert dict(small.shape.cage)[0.3] < dict(CAGE)[0.3]  # a triangle
    assert small.shape.body_share < grown.shape.body_share  # more disc
    assert small.head > 1.5 * grown.head
    assert small.shape.wall > 0


def test_the_thymus_is_gone_by_five_years() -> None:
    assert median("thymus", 3.0) > 0.8
    assert 0.2 < median("thymus", 24.0) < 0.5
    assert median("thymus", 60.0) == 0


def test_no_cartilage_is_calcified_and_only_the_grown_have_a_flake_at_the_collar_bone() -> None:
    assert {child(months, seed).shape.calcified for months in AGES for seed in range(5)} == {0.0}
    assert [child(months).truth.clavicle_epiphysis for months in (0, 120, 190, 200, 240)] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_only_girls_grow_breasts() -> None:
    bust = {sex: np.mean([child(200, seed, sex=sex).shape.breast for seed in range(40)]) for sex in ("M", "F")}
    assert bust["F"] > 4 * bust["M"]


def test_infancy_ends() -> None:
    assert infancy(0) == 1
    assert infancy(24) <= 0.15
    assert infancy(48) == infancy(200) == 0
