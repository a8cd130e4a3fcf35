from dataclasses import replace

import numpy as np
import pytest

from tests.training.phantoms.chest.bodies import body, centre, square
from training.phantoms.chest.anatomy import Anatomy, View
from training.phantoms.chest.organs import (
    APEX,
    Organs,
    build_organs,
    cage_half_width,
    dome,
    great_vessels,
    heart,
    level,
)


def organs(anatomy: Anatomy, seed: int = 0) -> Organs:
    return build_organs(anatomy, square(), np.random.default_rng(seed))


@pytest.fixture(scope="module", params=["PA", "AP"])
def case(request: pytest.FixtureRequest) -> tuple[Anatomy, Organs]:
    view: View = request.param
    anatomy = replace(body(view=view), tilt=0.0)
    return anatomy, organs(anatomy)


def test_height_is_measured_from_apex_to_dome() -> None:
    anatomy = body()
    ends = np.array([-APEX, 1 - APEX], np.float32) * anatomy.lung_height
    np.testing.assert_allclose(level(anatomy, ends), [0, 1], atol=1e-6)


def test_the_cage_widens_to_the_thorax_and_no_further() -> None:
    anatomy = body()
    widths = cage_half_width(anatomy, np.linspace(0, 1, 50, dtype=np.float32))
    assert (np.diff(widths) >= 0).all()
    assert widths.max() == pytest.approx(anatomy.half_width)


def test_the_diaphragm_is_highest_at_its_dome_and_falls_to_the_angle() -> None:
    anatomy, canvas = body(), square(1.0)
    right, left = dome(anatomy, canvas, -1), dome(anatomy, canvas, +1)
    assert right.min() == pytest.approx((1 - APEX) * anatomy.lung_height, abs=0.1)
    assert left.min() - right.min() == pytest.approx(anatomy.left_dome, abs=0.1)
    angle = np.abs(canvas.x[0] + anatomy.half_width).argmin()
    assert right[0, angle] - right.min() == pytest.approx(anatomy.dome_drop, abs=2)


def test_the_drawn_heart_has_the_ratio_that_was_typed_in_and_lies_to_the_left() -> None:
    canvas = square(1.0)
    for seed in range(6):
        anatomy = body(seed)
        drawn = heart(anatomy, canvas)
        columns = np.flatnonzero((drawn > 2).any(axis=0))
        measured = (columns.max() - columns.min()) / (2 * anatomy.half_width)
        assert measured == pytest.approx(anatomy.ratio, abs=0.05)
        assert centre(drawn, canvas)[0] > 5


def test_the_aortic_knob_is_left_and_calcium_comes_with_age() -> None:
    canvas = square()
    bare, limed = (replace(body(), calcified=share, tilt=0.0) for share in (0.0, 0.8))
    vessels, none = great_vessels(bare, canvas)
    _, calcium = great_vessels(limed, canvas)
    assert none.max() == 0
    x, y = centre(calcium, canvas)
    assert x > 0 > y
    assert abs(centre(vessels, canvas)[0]) < limed.mediastinum


def test_each_lung_lies_on_its_side_within_the_cage(case: tuple[Anatomy, Organs]) -> None:
    anatomy, made = case
    canvas = square()
    cage = cage_half_width(anatomy, level(anatomy, canvas.y))
    for side, lung, mask in ((-1, made.lung_right, made.mask_right), (1, made.lung_left, made.mask_left)):
        assert 0.2 * anatomy.half_width < side * centre(mask, canvas)[0] < 0.8 * anatomy.half_width
        assert (mask[np.broadcast_to(np.abs(canvas.x) > cage + canvas.pitch, mask.shape)] == 0).all()
        assert lung[mask > 0.9].min() > 0
        assert 0 <= mask.min() <= mask.max() <= 1
        rows = np.flatnonzero((mask > 0.5).any(axis=1)) * canvas.pitch + canvas.top
        assert rows.min() == pytest.approx(-APEX * anatomy.lung_height, abs=0.15 * anatomy.lung_height)
        assert rows.max() <= dome(anatomy, canvas, side).max()
    assert (made.mask_right * made.mask_left).max() < 0.1


def test_the_right_lung_holds_more_air(case: tuple[Anatomy, Organs]) -> None:
    _, made = case
    assert made.lung_right.sum() > made.lung_left.sum()
    np.testing.assert_array_equal(made.lungs, made.lung_right + made.lung_left)


def test_lungs_and_gas_fit_into_the_body(case: tuple[Anatomy, Organs]) -> None:
    _, made = case
    for layer in (made.body, made.lungs, made.air, made.vessels, made.calcium):
        assert np.isfinite(layer).all()
        assert layer.min() >= 0
    inside = (made.mask_right + made.mask_left) > 0.9
    assert (made.body[inside] > made.lungs[inside]).mean() > 0.99
    assert made.vessels[made.lungs == 0].max() == 0


def test_a_wide_heart_takes_room_from_the_lungs() -> None:
    small, large = (organs(replace(body(), ratio=ratio)) for ratio in (0.40, 0.62))
    assert large.lung_left.sum() < 0.9 * small.lung_left.sum()
    assert large.mask_left.sum() < small.mask_left.sum()


def test_the_stomach_bubble_is_on_the_left_under_the_diaphragm() -> None:
    canvas = square()
    without, bubbled = (replace(body(), stomach=radius, tilt=0.0) for radius in (0.0, 30.0))
    x, y = centre(organs(bubbled).air - organs(without).air, canvas)
    assert x == pytest.approx(0.45 * bubbled.half_width, abs=3)
    assert y > dome(bubbled, canvas, 1).min()
