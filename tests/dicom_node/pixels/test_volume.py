from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from dicom_node.header import read_instance
from dicom_node.pixels import read_volume
from dicom_node.pixels.volume import PADDING_HU
from screening.errors import BadGeometry, BadPixelData
from screening.header import Header
from screening.images import Volume
from screening.types import Instance
from tests.dicom_node.build import ENHANCED_CT, SERIES, ct_slices, image, instance_of, item, write


def read(folder: Path, slices: Sequence[Dataset], threads: int = 1) -> Volume:
    paths = [write(folder / str(index), one) for index, one in enumerate(slices)]
    return read_volume([(path, read_instance(path, location="x")) for path in paths], threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
def test_axial_series_in_any_order(tmp_path: Path, threads: int) -> None:
    slices = ct_slices()
    volume = read(tmp_path, [slices[i] for i in (3, 0, 4, 2, 1)], threads)
    assert volume.hu.shape == (5, 3, 4)
    np.testing.assert_array_equal(volume.hu[:, 0, 0], [-1000, -900, -800, -700, -600])
    assert volume.spacing == pytest.approx((2.0, 0.5, 0.75))
    assert volume.sop_instance_uids == tuple(one.SOPInstanceUID for one in slices)
    expected = np.array([[0.75, 0, 0, 10], [0, 0.5, 0, 20], [0, 0, 2, -100], [0, 0, 0, 1]])
    np.testing.assert_allclose(volume.affine, expected, atol=1e-12)
    assert volume.header.numbers("ImagePositionPatient") == (10, 20, -100)


def test_feet_to_head_even_when_the_normal_points_to_the_feet(tmp_path: Path) -> None:
    volume = read(tmp_path, ct_slices(orientation=(-1, 0, 0, 0, 1, 0)))
    assert volume.spacing[0] == pytest.approx(2.0)
    assert volume.affine[2, 2] == pytest.approx(2.0)
    np.testing.assert_array_equal(volume.hu[:, 0, 0], [-1000, -900, -800, -700, -600])


def test_slope_intercept_and_padding_of_each_slice(tmp_path: Path) -> None:
    slices = ct_slices(2, PixelPaddingValue=0)
    slices[1].RescaleSlope = 2
    volume = read(tmp_path, slices)
    assert (volume.hu[0] == PADDING_HU).all()
    assert (volume.hu[1] == -800).all()


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("ImagePositionPatient", [10, 20, -100], "occur more than once"),
        ("ImagePositionPatient", None, "has no ImagePositionPatient"),
        ("ImageOrientationPatient", [1, 0, 0, 0, 0, -1], "differ in orientation"),
        ("PixelSpacing", [0.5, 0.8], "differ in PixelSpacing"),
    ],
)
def test_slices_that_form_no_volume(tmp_path: Path, keyword: str, value: object, message: str) -> None:
    slices = ct_slices()
    setattr(slices[2], keyword, value)
    with pytest.raises(BadGeometry, match=message):
        read(tmp_path, slices)


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("RescaleSlope", None, "Hounsfield units are unknown"),
        ("RescaleSlope", 0, "RescaleSlope is 0"),
        ("RescaleType", "ED", "must be HU"),
        ("PhotometricInterpretation", "MONOCHROME1", "must be MONOCHROME2"),
        ("Rows", 4, "bytes"),
    ],
)
def test_values_that_are_no_hounsfield_units(tmp_path: Path, keyword: str, value: object, message: str) -> None:
    slices = ct_slices()
    setattr(slices[3], keyword, value)
    with pytest.raises(BadPixelData, match=f"slice {slices[3].SOPInstanceUID}: .*{message}"):
        read(tmp_path, slices)


def test_enhanced_multi_frame_ct(tmp_path: Path) -> None:
    frames = np.stack([np.full((3, 4), 10 * index, dtype=np.int16) for index in range(4)])
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.75])],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelValueTransformationSequence=[item(RescaleSlope=2, RescaleIntercept=-1000, RescaleType="HU")],
    )
    per_frame = [item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, -3.0 * index])]) for index in range(4)]
    data_set = image(
        frames, ENHANCED_CT, SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=per_frame
    )
    volume = read(tmp_path, [data_set])
    np.testing.assert_array_equal(volume.hu[:, 1, 1], [-940, -960, -980, -1000])  # the last frame lies lowest
    assert volume.spacing == pytest.approx((3.0, 0.5, 0.75))
    assert volume.sop_instance_uids == (data_set.SOPInstanceUID,) * 4
    data_set.PerFrameFunctionalGroupsSequence = per_frame[:3]
    with pytest.raises(BadPixelData, match="4 frames, but 3 items"):
        read(tmp_path, [data_set])


@pytest.mark.real_data
def test_a_real_ct_series(real_data: Path) -> None:
    """De-identified: its UIDs are empty, so the instances are made by hand."""
    sources: list[tuple[Path, Instance]] = []
    for path in sorted((real_data / "ct" / "totalsegmentator_example_dicom_j2k").rglob("CT.*")):
        sources.append((path, instance_of(path, Header({}), f"{SERIES}.{len(sources) + 1}")))
    assert len(sources) == 20
    volume = read_volume(sources, threads=2)
    assert volume.hu.shape[0] == 20
    expected = sorted((pydicom.dcmread(path) for path, _ in sources), key=lambda one: one.ImagePositionPatient[2])
    first = expected[0]
    np.testing.assert_allclose(volume.hu[0], first.pixel_array * first.RescaleSlope + first.RescaleIntercept)
    assert volume.hu.min() >= -1100
    assert volume.hu.max() < 4000
    air, tissue = np.mean(volume.hu < -900), np.mean((volume.hu > -150) & (volume.hu < 300))
    assert air > 0.1
    assert tissue > 0.1
