from dataclasses import replace

import numpy as np
import pytest

from tests.training.phantoms.chest.bodies import body, centre, square
from training.phantoms.canvas import Array
from training.phantoms.chest.anatomy import Anatomy, View
from training.phantoms.chest.disease import HEALTHY, PATTERN_WEIGHTS, Disease, Truth, draw_disease, fill
from training.phantoms.chest.organs import Organs, build_organs

CANVAS = square()


@pytest.fixture(scope="module", params=["PA", "AP"])
def chest(request: pytest.FixtureRequest) -> tuple[Anatomy, Organs]:
    view: View = request.param
    anatomy = replace(body(view=view), tilt=0.0)
    return anatomy, build_organs(anatomy, CANVAS, np.random.default_rng(0))


def ill(chest: tuple[Anatomy, Organs], disease: Disease, seed: int = 0) -> tuple[Array, Array, Truth]:
    anatomy, organs = chest
    return fill(anatomy, CANVAS, organs, disease, np.random.default_rng(seed))


def pneumonia(*places: tuple[int, int], share: float = 0.5) -> Disease:
    zones = tuple((side, zone, share, 0.8) for side, zone in places)
    return Disease(pattern="lobar", zones=zones, effusion_right=0.0, effusion_left=0.0)


def effusion(right: float, left: float) -> Disease:
    return Disease(pattern="none", zones=(), effusion_right=right, effusion_left=left)


def test_patterns_occur_as_often_as_assumed_and_are_what_they_are_called() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_disease(rng) for _ in range(2000)]
    for pattern, share in PATTERN_WEIGHTS.items():
        assert np.mean([d.pattern == pattern for d in drawn]) == pytest.approx(share, abs=0.04)
    for disease in drawn:
        sides = {side for side, *_ in disease.zones}
        places = [(side, zone) for side, zone, *_ in disease.zones]
        assert len(set(places)) == len(places)
        assert len(sides) == (2 if disease.pattern == "bilateral" else 1)
        assert (len(places) == 1) == (disease.pattern == "lobar")
        assert all(0 < share <= 1 and 0 < density <= 1 for *_, share, density in disease.zones)
        assert 0 <= max(disease.effusion_right, disease.effusion_left) <= 1
    lobar = [d.zones[0][1] for d in drawn if d.pattern == "lobar"]
    assert lobar.count(2) > lobar.count(1) > lobar.count(0)


def test_a_seed_is_a_pneumonia(chest: tuple[Anatomy, Organs]) -> None:
    assert draw_disease(np.random.default_rng(5)) == draw_disease(np.random.default_rng(5))
    first, second = ill(chest, pneumonia((1, 2)), 5), ill(chest, pneumonia((1, 2)), 5)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[2] == second[2]


def test_the_healthy_have_nothing(chest: tuple[Anatomy, Organs]) -> None:
    filled, fluid, truth = ill(chest, HEALTHY)
    assert filled.max() == fluid.max() == 0
    assert (truth.extent, truth.effusion, truth.bilateral) == (0.0, 0.0, False)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("zone", [0, 1, 2])
def test_pneumonia_fills_the_zone_it_was_given(chest: tuple[Anatomy, Organs], side: int, zone: int) -> None:
    truths = [ill(chest, pneumonia((side, zone), share=0.3), seed)[2] for seed in range(5)]
    zones = np.mean([truth.zones for truth in truths], axis=0)
    assert zones.argmax() == (0 if side < 0 else 3) + zone
    sick, well = (zones[:3], zones[3:]) if side < 0 else (zones[3:], zones[:3])
    assert sick.max() > 0.05
    assert well.max() < 0.02
    assert not any(truth.bilateral for truth in truths)


def test_the_truth_is_measured_on_the_masks(chest: tuple[Anatomy, Organs]) -> None:
    _, organs = chest
    filled, _, truth = ill(chest, pneumonia((-1, 1), (1, 2)))
    for mask, extent in ((organs.mask_right, truth.extent_right), (organs.mask_left, truth.extent_left)):
        assert extent == pytest.approx(float((filled * mask).sum() / mask.sum()), rel=1e-5)
    assert truth.extent == pytest.approx((truth.extent_right + truth.extent_left) / 2)
    assert truth.bilateral
    assert 0 <= filled.min() <= filled.max() <= 0.97


def test_more_of_a_zone_is_more_extent(chest: tuple[Anatomy, Organs]) -> None:
    extents = [
        np.mean([ill(chest, pneumonia((1, 2), share=share), seed)[2].extent for seed in range(4)])
        for share in (0.1, 0.4, 0.8)
    ]
    assert extents[0] < extents[1] < extents[2]


def test_fluid_gathers_low_on_its_side_and_takes_no_more_than_the_lung(chest: tuple[Anatomy, Organs]) -> None:
    anatomy, organs = chest
    _, right, truth = ill(chest, effusion(0.5, 0.0))
    _, more, _ = ill(chest, effusion(0.9, 0.0))
    x, y = centre(right, CANVAS)
    assert x < -0.2 * anatomy.half_width
    assert y > centre(organs.lung_right, CANVAS)[1]
    assert (right <= organs.lung_right).all()
    assert more.sum() > right.sum()
    assert (truth.effusion_right, truth.effusion_left, truth.effusion) == (0.5, 0.0, 0.5)


def test_fluid_has_a_level_when_standing_and_is_a_veil_in_bed() -> None:
    contrast = {}
    views: tuple[View, View] = ("PA", "AP")
    for view in views:
        anatomy = replace(body(), tilt=0.0, view=view)
        organs = build_organs(anatomy, CANVAS, np.random.default_rng(0))
        _, fluid, _ = fill(anatomy, CANVAS, organs, effusion(0.6, 0.0), np.random.default_rng(0))
        share = (fluid / np.maximum(organs.lung_right, 1e-3))[organs.mask_right > 0.9]
        contrast[view] = float(np.mean((share > 0.05) & (share < 0.5)))
    assert contrast["PA"] < contrast["AP"]
