from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from screening.errors import BadPixelData
from tests.dicom_node.build import image, item, write

RAMP = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], dtype=np.uint16)


def p_values(tmp_path: Path, pixels: npt.NDArray[Any], **values: Any) -> npt.NDArray[np.float32]:
    path = write(tmp_path / "a", image(pixels, **values))
    return read_radiograph(path, read_instance(path, location="x")).pixels


def lut(first: int, bits: int, entries: list[int]) -> Any:
    made = item(LUTDescriptor=[len(entries), first, bits])
    made.add_new("LUTData", "OW", np.array(entries, dtype="<u2").tobytes())
    return made


def test_full_range_when_there_is_no_window(tmp_path: Path) -> None:
    np.testing.assert_allclose(p_values(tmp_path, RAMP), RAMP / 7, atol=1e-6)


def test_a_constant_image_is_black_and_finite(tmp_path: Path) -> None:
    assert not p_values(tmp_path, np.full((2, 2), 9, dtype=np.uint16)).any()


def test_linear_window(tmp_path: Path) -> None:
    # PS3.3 C.11.2.1.2.1: c=4, w=5: black up to 3.5 - 2 = 1.5, white above 5.5, between (x - 3.5) / 4 + 0.5
    expected = [[0, 0, 0.125, 0.375], [0.625, 0.875, 1, 1]]
    np.testing.assert_allclose(p_values(tmp_path, RAMP, WindowCenter=4, WindowWidth=5), expected)


def test_first_of_several_windows(tmp_path: Path) -> None:
    several = p_values(tmp_path, RAMP, WindowCenter=[4, 400], WindowWidth=[5, 1])
    np.testing.assert_array_equal(several, p_values(tmp_path, RAMP, WindowCenter=4, WindowWidth=5))


def test_linear_window_of_width_one_is_a_threshold(tmp_path: Path) -> None:
    np.testing.assert_array_equal(p_values(tmp_path, RAMP, WindowCenter=4, WindowWidth=1), RAMP > 3.5)


def test_linear_exact_window(tmp_path: Path) -> None:
    # PS3.3 C.11.2.1.3.2: (x - 4) / 4 + 0.5 between 2 and 6
    expected = [[0, 0, 0, 0.25], [0.5, 0.75, 1, 1]]
    got = p_values(tmp_path, RAMP, WindowCenter=4, WindowWidth=4, VOILUTFunction="LINEAR_EXACT")
    np.testing.assert_allclose(got, expected)


def test_sigmoid_window(tmp_path: Path) -> None:
    got = p_values(tmp_path, RAMP, WindowCenter=4, WindowWidth=4, VOILUTFunction="SIGMOID")
    assert got[1, 0] == pytest.approx(0.5)
    assert got[0, 3] == pytest.approx(1 / (1 + np.e))  # exp(-4 (3 - 4) / 4)


@pytest.mark.parametrize(("width", "function"), [(0, "LINEAR"), (0.5, "LINEAR"), (-1, "SIGMOID"), (5, "CUBIC")])
def test_an_impossible_window_counts_as_none(tmp_path: Path, width: float, function: str) -> None:
    got = p_values(tmp_path, RAMP, WindowCenter=4, WindowWidth=width, VOILUTFunction=function)
    np.testing.assert_allclose(got, RAMP / 7, atol=1e-6)


def test_rescale_comes_before_the_window(tmp_path: Path) -> None:
    window = {"WindowCenter": 30, "WindowWidth": 20, "VOILUTFunction": "LINEAR_EXACT"}
    got = p_values(tmp_path, RAMP, RescaleSlope=10, RescaleIntercept=-5, **window)
    np.testing.assert_allclose(got, np.clip((10.0 * RAMP - 5 - 30) / 20 + 0.5, 0, 1), atol=1e-6)


def test_modality_lut_sequence(tmp_path: Path) -> None:
    # inputs below the first mapped value 2 take the first entry, above the last the last
    got = p_values(tmp_path, RAMP, ModalityLUTSequence=[lut(2, 16, [0, 10, 30])])
    np.testing.assert_allclose(got, np.array([[0, 0, 0, 10], [30, 30, 30, 30]]) / 30, atol=1e-6)


def test_modality_lut_of_a_signed_image_starts_below_zero(tmp_path: Path) -> None:
    table = lut(0, 16, [0, 5, 10])
    table[0x00283002].VR = "SS"
    table.LUTDescriptor = [3, -1, 16]
    got = p_values(tmp_path, np.array([[-1, 0, 1]], dtype=np.int16), ModalityLUTSequence=[table])
    np.testing.assert_allclose(got, [[0, 0.5, 1]])


def test_voi_lut_sequence_goes_before_a_window(tmp_path: Path) -> None:
    table = lut(0, 10, [0, 1023, 512, 0, 0, 0, 0, 0])
    got = p_values(tmp_path, RAMP, VOILUTSequence=[table], WindowCenter=4, WindowWidth=5)
    np.testing.assert_allclose(got, np.array([[0, 1, 512 / 1023, 0], [0, 0, 0, 0]]), atol=1e-6)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),  # once, not twice
        ("MONOCHROME1", "IDENTITY", True),
    ],
)
def test_polarity(tmp_path: Path, photometric: str, shape: str | None, inverted: bool) -> None:
    values = {"PhotometricInterpretation": photometric} | ({"PresentationLUTShape": shape} if shape else {})
    expected = 1 - RAMP / 7 if inverted else RAMP / 7
    np.testing.assert_allclose(p_values(tmp_path, RAMP, **values), expected, atol=1e-6)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_outside_the_range(tmp_path: Path, photometric: str) -> None:
    pixels = np.array([[0, 10, 20, 65535]], dtype=np.uint16)
    got = p_values(tmp_path, pixels, PixelPaddingValue=65535, PhotometricInterpretation=photometric)
    expected = [[1, 0.5, 0, 0]] if photometric == "MONOCHROME1" else [[0, 0.5, 1, 0]]
    np.testing.assert_allclose(got, expected)


def test_padding_range(tmp_path: Path) -> None:
    pixels = np.array([[-2000, -1990, 0, 10]], dtype=np.int16)
    got = p_values(tmp_path, pixels, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1990)
    np.testing.assert_allclose(got, [[0, 0, 0, 1]])


def test_nothing_but_padding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPixelData, match="every pixel is padding"):
        p_values(tmp_path, np.zeros((2, 2), dtype=np.uint16), PixelPaddingValue=0)


def test_slope_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPixelData, match="RescaleSlope is 0"):
        p_values(tmp_path, RAMP, RescaleSlope=0, RescaleIntercept=1)
