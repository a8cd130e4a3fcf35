from typing import Any

import pytest

from models.ct_stack import Stack, stack_of
from tests.models.ct_series import AXIAL, ct_instance, ct_series


def heights(count: int, spacing: float) -> list[float]:
    return [spacing * index for index in range(count)]


def test_slices_are_ordered_from_feet_to_head_whatever_their_order() -> None:
    found = stack_of([ct_instance(number, z=z) for number, z in enumerate((4.0, 0.0, 2.0), start=1)])
    assert isinstance(found, Stack)
    assert [one.header.numbers("ImagePositionPatient")[2] for one in found.instances] == [0, 2, 4]
    assert (found.spacing, found.thickness, found.coverage, found.gap) == (2, 2, 6, None)


def test_a_stack_with_its_rows_reversed_is_ordered_the_same() -> None:
    turned: list[int] = [-1, 0, 0, 0, 1, 0]
    found = stack_of([ct_instance(n, z=z, ImageOrientationPatient=turned) for n, z in enumerate((4.0, 0.0, 2.0), 1)])
    assert isinstance(found, Stack)
    assert [one.header.numbers("ImagePositionPatient")[2] for one in found.instances] == [0, 2, 4]


def test_thickness_is_what_the_header_says_and_not_the_spacing() -> None:
    found = stack_of(ct_series(heights(5, 1.5), SliceThickness="5"))
    assert isinstance(found, Stack)
    assert (found.spacing, found.thickness) == (1.5, 5)
    without = stack_of(ct_series(heights(5, 1.5), SliceThickness=None))
    assert isinstance(without, Stack)
    assert without.thickness == 1.5


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"ImagePositionPatient": None}, "geometry-unknown"),
        ({"ImageOrientationPatient": [1, 0, 0]}, "geometry-unknown"),
        ({"PixelSpacing": ["a", "b"]}, "geometry-unknown"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "not-axial"),  # coronal
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "not-axial"),  # sagittal
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.906, 0.423]}, "not-axial"),  # tilted by 25 degrees
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, "not-axial"),
    ],
)
def test_what_is_no_axial_stack(values: dict[str, Any], code: str) -> None:
    found = stack_of(ct_series(heights(4, 2), **values))
    assert not isinstance(found, Stack)
    assert found[0] == code


def test_a_little_tilt_of_the_gantry_is_axial() -> None:
    assert isinstance(stack_of(ct_series(heights(4, 2), ImageOrientationPatient=[1, 0, 0, 0, 0.985, 0.174])), Stack)


def test_slices_of_several_directions_are_none() -> None:
    slices = ct_series(heights(4, 2))
    slices[2] = ct_instance(3, z=4.0, ImageOrientationPatient=[1, 0, 0, 0, 0.999, 0.04])
    found = stack_of(slices)
    assert not isinstance(found, Stack)
    assert found[0] == "several-orientations"


def test_two_acquisitions_in_one_series_are_none() -> None:
    found = stack_of(ct_series([0.0, 2.0, 4.0, 0.0, 2.0, 4.0]))
    assert found == ("slices-doubled", "3 slice position(s) occur more than once: several acquisitions in one series")


def test_a_single_slice_is_none() -> None:
    assert stack_of([ct_instance(1, z=0.0)]) == ("too-few-slices", "a single slice is no volume")


def test_a_missing_slice_is_named_and_rounding_is_not() -> None:
    rounded = stack_of(ct_series([0.0, 2.1, 4.0, 6.0, 8.0]))
    assert isinstance(rounded, Stack)
    assert rounded.gap is None
    missing = stack_of(ct_series([0.0, 2.0, 4.0, 8.0, 10.0]))
    assert isinstance(missing, Stack)
    assert missing.gap is not None
    assert missing.gap.startswith("4.0 mm between slices at 4.0 mm where 2.0 mm is usual (1 such gap(s))")


def test_the_made_up_slices_are_axial() -> None:
    assert ct_instance(1, z=0.0).header.numbers("ImageOrientationPatient") == tuple(AXIAL)
