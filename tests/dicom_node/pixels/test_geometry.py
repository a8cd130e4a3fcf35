from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_node.pixels.geometry import FARTHEST, Plane, grid_of
from screening.errors import BadGeometry

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def planes(positions: Sequence[Sequence[float]], orientation: Sequence[float] = AXIAL) -> list[Plane]:
    """Slices of 3 x 4 pixels at these positions; slice i has the UID 1.2.i."""
    return [
        Plane(
            sop_instance_uid=f"1.2.{index}",
            position=tuple(position),
            orientation=tuple(orientation),
            spacing=(0.5, 0.75),
            rows=3,
            columns=4,
        )
        for index, position in enumerate(positions)
    ]


def axial(*z: float) -> list[Plane]:
    return planes([(10, 20, one) for one in z])


def test_order_spacing_and_affine() -> None:
    grid = grid_of(axial(4, 0, 2))
    assert grid.order == (1, 2, 0)
    assert grid.spacing == pytest.approx((2, 0.5, 0.75))
    expected = np.array([[0.75, 0, 0, 10], [0, 0.5, 0, 20], [0, 0, 2, 0], [0, 0, 0, 1]])
    np.testing.assert_allclose(grid.affine, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("orientation", "axis"),
    [
        ((-1, 0, 0, 0, 1, 0), 2),  # the normal points to the feet
        ((0, 1, 0, 0, 0, -1), 0),  # sagittal
        ((1, 0, 0, 0, 0, -1), 1),  # coronal
    ],
)
def test_stacks_grow_along_their_axis_whatever_the_normal(orientation: tuple[float, ...], axis: int) -> None:
    step = np.eye(3)[axis] * 3
    grid = grid_of(planes([tuple(index * step) for index in (2, 0, 1)], orientation))
    assert grid.order == (1, 2, 0)
    np.testing.assert_allclose(grid.affine[:3, 2], step, atol=1e-12)
    np.testing.assert_allclose(grid.affine[:3, 0], 0.75 * np.array(orientation[:3]), atol=1e-12)


@given(st.floats(-0.5, 0.5), st.integers(2, 40), st.floats(0.3, 10), st.randoms(use_true_random=False))
def test_any_rotated_stack_maps_its_first_voxels_to_their_positions(
    angle: float, count: int, spacing: float, random: Any
) -> None:
    cosine, sine = np.cos(angle), np.sin(angle)
    row, column, normal = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
    stack = planes([tuple(7 * row + index * spacing * normal) for index in range(count)], (*row, *column))
    shuffled = random.sample(stack, count)
    grid = grid_of(shuffled)
    assert grid.spacing[0] == pytest.approx(spacing)
    for z, index in enumerate(grid.order):
        np.testing.assert_allclose((grid.affine @ [0, 0, z, 1])[:3], shuffled[index].position, atol=1e-6)


def test_rounded_positions_are_tolerated() -> None:
    grid = grid_of(axial(*(round(0.625 * index, 1) for index in range(20))))
    assert grid.spacing[0] == pytest.approx(0.625, abs=0.01)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        ((0, 2, 4, 4, 6), r"1 slice position\(s\) occur more than once, first at 4.00 mm \(1.2.2 and 1.2.3\)"),
        ((0, 0, 2, 2), r"2 slice position\(s\) occur more than once"),
        ((0, 2, 4, 10, 12), r"2 slice\(s\) missing between 4.00 and 10.00 mm: 6.00 mm where 2.00 mm is usual \(1 such"),
        ((0, 2, 4, 6.8, 8.8), "uneven slice spacing between 4.00 and 6.80 mm"),
        ((0, 2, 4, 5, 7), "uneven slice spacing between 4.00 and 5.00 mm"),
        ((0,), "at least 2 slices, got 1"),
        ((), "at least 2 slices, got 0"),
    ],
)
def test_positions_that_form_no_grid(z: tuple[float, ...], message: str) -> None:
    with pytest.raises(BadGeometry, match=message):
        grid_of(axial(*z))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": ()}, "slice 1.2.2 has no ImagePositionPatient of 3 numbers"),
        ({"position": (1, 2, float("nan"))}, "no ImagePositionPatient"),
        ({"position": (1, 2, 1e308)}, f"beyond {FARTHEST:.0f} mm"),
        ({"orientation": (1, 0, 0)}, "no ImageOrientationPatient of 6 numbers"),
        ({"orientation": (1e300,) * 6}, "ImageOrientationPatient"),
        ({"orientation": (1, 0, 0, 1, 0, 0)}, "perpendicular"),
        ({"orientation": (0, 0, 0, 0, 0, 0)}, "perpendicular"),
        ({"orientation": (2, 0, 0, 0, 2, 0)}, "perpendicular unit vectors"),
        ({"orientation": (1, 0, 0, 0, 0, -1)}, "differ in orientation.*localizer"),
        ({"spacing": (0.5,)}, "no PixelSpacing of 2 numbers"),
        ({"spacing": (0, 0.75)}, "must be positive"),
        ({"spacing": (0.5, 0.8)}, "differ in PixelSpacing"),
        ({"rows": 5}, "differ in size: 3 x 4 and 5 x 4"),
    ],
)
def test_one_odd_slice_is_named(change: dict[str, Any], message: str) -> None:
    stack = axial(0, 2, 4, 6)
    stack[2] = replace(stack[2], **change)
    with pytest.raises(BadGeometry, match=message) as caught:
        grid_of(stack)
    assert "1.2.2" in str(caught.value)


def test_gantry_tilt_is_tolerated_up_to_a_degree() -> None:
    assert grid_of(planes([(0, 0.03 * index, 2.0 * index) for index in range(5)])).spacing[0] == pytest.approx(2)
    with pytest.raises(BadGeometry, match=r"sheared by 14.0 degrees \(gantry tilt\)"):
        grid_of(planes([(0, 0.5 * index, 2.0 * index) for index in range(5)]))


def test_a_slice_that_is_shifted_sideways_is_refused() -> None:
    with pytest.raises(BadGeometry, match=r"leave the straight line by 30.00 mm"):
        grid_of(planes([(0, 30.0 if index == 2 else 0, 2.0 * index) for index in range(5)]))
