from typing import Any

import numpy as np
import pytest

from screening.images import Radiograph, Volume
from tests.screening.factories import UID, make_header


def radiograph(pixels: Any) -> Radiograph:
    return Radiograph(pixels=pixels, spacing=None, sop_instance_uid=UID, header=make_header(PatientName="Doe^Jane"))


def volume(hu: Any, slices: int) -> Volume:
    uids = tuple(f"{UID}.{n}" for n in range(1, slices + 1))
    return Volume(hu=hu, spacing=(1, 1, 1), affine=np.eye(4), sop_instance_uids=uids, header=make_header())


def test_radiograph() -> None:
    image = radiograph(np.zeros((4, 5), np.float32))
    assert image.pixels.shape == (4, 5)
    assert "Doe" not in repr(image)


@pytest.mark.parametrize("pixels", [np.zeros((4, 5)), np.zeros((4, 5, 3), np.float32), np.zeros(4, np.float32)])
def test_radiograph_is_float32_in_two_dimensions(pixels: Any) -> None:
    with pytest.raises(ValueError, match=r"pixels must be float32 \(rows, columns\), got"):
        radiograph(pixels)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_radiograph_is_finite(value: float) -> None:
    with pytest.raises(ValueError, match="pixels must be finite"):
        radiograph(np.full((2, 2), value, np.float32))


def test_volume() -> None:
    assert volume(np.zeros((3, 4, 5), np.float32), 3).hu.shape == (3, 4, 5)


@pytest.mark.parametrize("hu", [np.zeros((3, 4), np.float32), np.zeros((3, 4, 5))])
def test_volume_is_float32_in_three_dimensions(hu: Any) -> None:
    with pytest.raises(ValueError, match=r"hu must be float32 \(Z, Y, X\), got"):
        volume(hu, 3)


def test_volume_names_each_slice() -> None:
    with pytest.raises(ValueError, match="each of 3 slices, got 2"):
        volume(np.zeros((3, 4, 5), np.float32), 2)
