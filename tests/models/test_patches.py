import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.patches import LEVELS, SIDE, STACKED, VARIANTS, Variant, canvas, patches, stack
from models.similarity import CANVAS, Points, pixel_centres

Array = npt.NDArray[np.float32]

ROWS, COLUMNS = 700, 500


def spine(angle: float = 0.2, bend: float = 25.0) -> Points:
    """Five centres, 100 pixels apart along a leaning, bent line."""
    along = np.arange(LEVELS) * 100.0
    across = bend * np.sin(np.linspace(0, math.pi, LEVELS))
    column = 220 + along * math.sin(angle) + across * math.cos(angle)
    row = 140 + along * math.cos(angle) - across * math.sin(angle)
    return np.stack([column, row], 1)


def spots(points: Points, width: float = 6.0) -> Array:
    """A bright spot on each point; the first is brightest."""
    places = np.stack(np.meshgrid(np.arange(COLUMNS) + 0.5, np.arange(ROWS) + 0.5), -1)
    picture = np.zeros((ROWS, COLUMNS))
    for index, point in enumerate(points):
        picture += (1 - 0.1 * index) * np.exp(-0.5 * ((places - point) ** 2).sum(-1) / width**2)
    return picture.astype(np.float32)


def white() -> Array:
    return np.ones((ROWS, COLUMNS), np.float32)


def centre_of_mass(picture: Array) -> npt.NDArray[np.float64]:
    weights = picture.astype(np.float64)
    return np.asarray((pixel_centres(picture.shape[0]) * weights[..., None]).sum((0, 1)) / weights.sum())


def test_a_straight_spine_by_hand() -> None:
    found = patches(np.array([[10.0, 0.0], [10.0, 20.0], [10.0, 50.0]]))
    assert [patch.centre for patch in found] == [10 + 0j, 10 + 20j, 10 + 50j]
    assert [patch.tangent for patch in found] == [1j, 1j, 1j]
    assert [patch.spacing for patch in found] == [20.0, 25.0, 30.0]


def test_the_tangent_is_that_between_the_neighbours() -> None:
    found = patches(np.array([[0.0, 0.0], [10.0, 10.0], [0.0, 20.0]]))
    half = math.sqrt(0.5)
    assert found[0].tangent == pytest.approx(complex(half, half))
    assert found[1].tangent == pytest.approx(1j)
    assert found[2].tangent == pytest.approx(complex(-half, half))


@given(st.floats(-3.1, 3.1), st.floats(-40, 40))
def test_a_patch_lands_in_the_middle_of_its_square_with_the_spine_running_down(angle: float, bend: float) -> None:
    points = spine(angle, bend)
    for patch in patches(points):
        square = patch.to_square(STACKED)
        assert square.scale == pytest.approx(STACKED / (SIDE * patch.spacing))
        below = patch.centre + patch.tangent * SIDE * patch.spacing / 2
        ends = np.array([[patch.centre.real, patch.centre.imag], [below.real, below.imag]])
        np.testing.assert_allclose(square.apply(ends), [[64.0, 64.0], [64.0, 128.0]], atol=1e-6)


def test_each_stacked_patch_shows_its_own_vertebra_in_the_middle() -> None:
    points = spine()
    # the spot of one vertebra alone, in the patch of each: nothing else may shine
    for level in range(LEVELS):
        found = stack(spots(points[level : level + 1]), points)
        assert found.shape == (LEVELS, STACKED, STACKED)
        assert found.dtype == np.float32
        np.testing.assert_allclose(centre_of_mass(found[level]), [64.0, 64.0], atol=0.1)
        assert [bool(picture.max() > 0.5) for picture in found] == [other == level for other in range(LEVELS)]


def test_the_stack_is_the_same_however_the_patient_leans() -> None:
    for one, other in zip(stack(spots(spine(0.0)), spine(0.0)), stack(spots(spine(0.4)), spine(0.4)), strict=True):
        np.testing.assert_allclose(one, other, atol=0.02)


@pytest.mark.parametrize("variant", VARIANTS)
def test_vertebrae_land_where_they_should(variant: Variant) -> None:
    points = spine()
    for level in range(4 if "L1L4" in variant else LEVELS):
        picture, transform = canvas(spots(points[level : level + 1]), points, variant)
        assert picture.shape == (CANVAS, CANVAS)
        assert picture.dtype == np.float32
        np.testing.assert_allclose(centre_of_mass(picture), transform.apply(points[level]), atol=0.1)


@pytest.mark.parametrize(("variant", "last"), [("full_L1L5", 4), ("full_L1L4", 3), ("patches_L1L5_mask", 4)])
def test_the_first_and_last_vertebra_are_always_in_the_same_place(variant: Variant, last: int) -> None:
    for points in (spine(), spine(-0.3, 5.0) * 0.7 + 20):
        _, transform = canvas(white(), points, variant)
        np.testing.assert_allclose(transform.apply(points[[0, last]]), [[192.0, 64.0], [192.0, 320.0]], atol=1e-6)


def shown(variant: Variant) -> npt.NDArray[np.bool_]:
    return np.asarray(canvas(np.ones((2000, 2000), np.float32), spine() + 700, variant)[0] > 0.5)


def test_the_variants_nest_and_differ() -> None:
    full, column = shown("full_L1L5"), shown("full_L1L5_mask")
    squares, bodies = shown("patches_L1L5"), shown("patches_L1L5_mask")
    shares = [float(mask.mean()) for mask in (full, column, squares, bodies)]
    assert shares == sorted(shares, reverse=True)
    assert min(np.diff(shares[::-1])) > 0.02
    assert not (column & ~full).any()
    assert not (bodies & ~squares).any()
    # patches reach a little further up and down than the margin of the others
    assert (squares & ~column).sum() < 0.1 * squares.sum()
    assert not (shown("full_L1L4_mask") & ~shown("full_L1L4")).any()


def test_the_full_picture_is_cut_by_its_margin() -> None:
    # of a straight spine: 64 pixels apart, 0.6 of it above 64 and below 320; 256 / 3 apart without L5
    straight = np.array([[1000.0, 600.0 + 50 * level] for level in range(LEVELS)])
    for variant, spacing in (("full_L1L5", 64.0), ("full_L1L4", 256 / 3)):
        assert variant in VARIANTS
        picture, _ = canvas(np.ones((2000, 2000), np.float32), straight, variant)
        rows = np.flatnonzero(picture.any(1))
        assert abs(rows[0] - (64 - 0.6 * spacing)) <= 1
        assert abs(rows[-1] + 1 - (320 + 0.6 * spacing)) <= 1
        assert picture[rows].all()


def test_patches_on_the_canvas_have_their_area() -> None:
    straight = np.array([[1000.0, 600.0 + 50 * level] for level in range(LEVELS)])
    image = np.ones((2000, 2000), np.float32)
    side = SIDE * 64
    # a column of five squares that overlap: from half a side above the first to half a side below the last
    assert canvas(image, straight, "patches_L1L5")[0].sum() == pytest.approx(side * (256 + side), rel=0.03)
    assert canvas(image, straight, "patches_L1L5_mask")[0].sum() == pytest.approx(5 * 64 * 64 * 0.8, rel=0.03)


def test_the_mask_of_a_stack_is_the_body() -> None:
    found = stack(white(), spine(), masked=True)[2]
    assert found.mean() == pytest.approx(1.0 * 0.8 / SIDE**2, rel=0.03)
    assert stack(white(), spine())[2].min() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((5, 2)),
        np.zeros((4, 2)),
        np.full((5, 2), math.nan),
        np.array([[0.0, 0.0], [0.0, 9.0], [0.0, 9.0], [0.0, 20.0], [0.0, 30.0]]),
    ],
)
def test_points_that_are_no_spine_are_refused(points: Points) -> None:
    with pytest.raises(ValueError, match="points"):
        canvas(white(), points)
    with pytest.raises(ValueError, match="points"):
        stack(white(), points)


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(ValueError, match="full_L1L4_mask"):
        canvas(white(), spine(), "full")  # type: ignore[arg-type]


def test_it_is_the_same_each_time() -> None:
    picture = np.random.default_rng(0).random((ROWS, COLUMNS), np.float32)
    assert np.array_equal(canvas(picture, spine())[0], canvas(picture, spine())[0])
