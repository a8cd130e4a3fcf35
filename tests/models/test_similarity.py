import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.similarity import CANVAS, FIRST, LAST, Similarity, align, pixel_centres
from screening.findings import Point

POINT = st.tuples(st.floats(0, 4000), st.floats(0, 4000))


@given(POINT, POINT, POINT)
def test_both_vertebrae_land_and_every_point_comes_back(first: Point, last: Point, other: Point) -> None:
    assume(math.dist(first, last) > 20)
    found = align(first, last)
    points = np.array([first, last, other])
    moved = found.apply(points)
    np.testing.assert_allclose(moved[:2], [FIRST, LAST], atol=1e-6)
    np.testing.assert_allclose(found.inverse.apply(moved), points, atol=1e-4)
    # lengths keep their proportions, and there is no mirror image
    assert math.dist(moved[0], moved[2]) == pytest.approx(found.scale * math.dist(first, other), abs=1e-6)
    turn = np.cross(np.append(points[1] - points[0], 0), np.append(points[2] - points[0], 0))[2]
    assert np.cross(np.append(moved[1] - moved[0], 0), np.append(moved[2] - moved[0], 0))[2] == pytest.approx(
        turn * found.scale**2, abs=1e-3
    )


def test_a_transform_by_hand() -> None:
    # a spine lying down, 128 pixels long, towards the right: turned by 90 degrees and doubled
    found = align((100.0, 50.0), (228.0, 50.0))
    assert found.scale == pytest.approx(2.0)
    np.testing.assert_allclose(found.apply(np.array([[164.0, 50.0], [100.0, 40.0]])), [[192.0, 192.0], [212.0, 64.0]])


@pytest.mark.parametrize(
    ("first", "last"), [((5.0, 5.0), (5.0, 5.0)), ((math.nan, 0.0), (1.0, 1.0)), ((0.0, 0.0), (math.inf, 1.0))]
)
def test_points_that_are_none_are_refused(first: Point, last: Point) -> None:
    with pytest.raises(ValueError, match=r"coincide|finite"):
        align(first, last)


def test_a_transform_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="factor"):
        Similarity(0j, 1j)
    with pytest.raises(ValueError, match="finite"):
        Similarity(1 + 0j, 0j).apply(np.array([[math.nan, 1.0]]))
    with pytest.raises(ValueError, match="pairs"):
        Similarity(1 + 0j, 0j).apply(np.zeros((2, 3)))


def test_doing_nothing_keeps_the_picture() -> None:
    picture = np.random.default_rng(0).random((32, 32), np.float32)
    np.testing.assert_allclose(Similarity(1 + 0j, 0j).resample(picture, 32), picture, atol=1e-5)


def test_a_whole_pixel_shift_and_a_quarter_turn_are_exact() -> None:
    picture = np.random.default_rng(0).random((32, 32), np.float32)
    shifted = Similarity(1 + 0j, 3 + 5j).resample(picture, 32)
    np.testing.assert_allclose(shifted[5:, 3:], picture[:-5, :-3], atol=1e-4)
    assert not shifted[:5].any()
    assert not shifted[:, :3].any()
    # to the right becomes down: around the origin, then back into the square
    turned = Similarity(1j, 32 + 0j).resample(picture, 32)
    np.testing.assert_allclose(turned, np.rot90(picture, -1), atol=1e-4)


@pytest.mark.parametrize("length", [60.0, 256.0, 1100.0])
@pytest.mark.parametrize("angle", [0.0, 0.3, -1.0])
def test_a_bright_spot_lands_where_the_transform_says(length: float, angle: float) -> None:
    """At any resolution and angle, the picture and the points go the same way."""
    rows, columns = 1500, 1300
    first = (600.0, 150.0)
    last = (first[0] + length * math.sin(angle), first[1] + length * math.cos(angle))
    spot = (first[0] + 0.4 * length * math.sin(angle), first[1] + 0.4 * length * math.cos(angle) + 0.1 * length)
    width = length / 30
    across = np.exp(-0.5 * ((np.arange(columns) + 0.5 - spot[0]) / width) ** 2)
    down = np.exp(-0.5 * ((np.arange(rows) + 0.5 - spot[1]) / width) ** 2)
    transform = align(first, last)
    found = transform.resample((down[:, None] * across).astype(np.float32), CANVAS)
    centre = (pixel_centres(CANVAS) * found[..., None]).sum((0, 1)) / found.sum()
    np.testing.assert_allclose(centre, transform.apply(np.array(spot)), atol=0.1)


def test_shrinking_averages_and_does_not_pick() -> None:
    noise = np.random.default_rng(0).random((1024, 1024), np.float32)
    found = Similarity(0.125 + 0j, 0j).resample(noise, 128)
    assert found.std() < 0.06  # 0.289 of single pixels, / 8 or so when 64 are averaged
    assert found[4:-4, 4:-4].mean() == pytest.approx(0.5, abs=0.01)
