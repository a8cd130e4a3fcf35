from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from dicom_node.elements import read_data_set
from dicom_node.file_bytes import FileBytes
from dicom_node.pixels.layout import MAX_FRAME_PIXELS, MAX_FRAMES, TAGS, Layout, layout_of
from screening.errors import BadPixelData
from tests.dicom_node.build import image, write

PIXELS = np.zeros((3, 4), dtype=np.int16)


def layout(folder: Path, absent: tuple[str, ...] = (), **values: Any) -> Layout:
    with pydicom.config.disable_value_validation():
        data_set = image(PIXELS, **values)
    for keyword in absent:
        delattr(data_set, keyword)
    with FileBytes(write(folder / "a", data_set)) as file:
        return layout_of(read_data_set(file, TAGS))


def test_what_the_header_says(tmp_path: Path) -> None:
    got = layout(tmp_path, BitsStored=12, HighBit=13, PhotometricInterpretation="monochrome1 ", NumberOfFrames=2)
    assert got == Layout(
        rows=3, columns=4, frames=2, bits_allocated=16, bits_stored=12, high_bit=13, signed=True,
        photometric="MONOCHROME1",
    )  # fmt: skip
    assert (got.frame_pixels, got.frame_bytes) == (12, 24)


def test_what_may_be_absent(tmp_path: Path) -> None:
    absent = ("SamplesPerPixel", "BitsStored", "HighBit", "PixelRepresentation")
    got = layout(tmp_path, absent, NumberOfFrames=None)
    assert (got.frames, got.bits_stored, got.high_bit, got.signed) == (1, 16, 15, False)


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "PhotometricInterpretation"])
def test_what_must_be_there_is_named(tmp_path: Path, keyword: str) -> None:
    with pytest.raises(BadPixelData, match=f"the header has no {keyword}"):
        layout(tmp_path, (keyword,))


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("Rows", 0, "Rows is 0, must be more than 0"),
        ("Columns", 0, "Columns is 0"),
        ("BitsAllocated", 1, "BitsAllocated is 1, must be 8, 16 or 32"),
        ("BitsAllocated", 12, "BitsAllocated is 12"),
        ("BitsAllocated", 64, "BitsAllocated is 64"),
        ("BitsAllocated", 8, "BitsStored is 16, must be 1 to 8"),
        ("BitsStored", 17, "BitsStored is 17, must be 1 to 16"),
        ("BitsStored", 0, "BitsStored is 0"),
        ("HighBit", 16, "HighBit is 16, must be 15 to 15"),
        ("HighBit", 3, "HighBit is 3"),
        ("PixelRepresentation", 2, "PixelRepresentation is 2, must be 0 or 1"),
        ("NumberOfFrames", 0, "NumberOfFrames is 0"),
        ("NumberOfFrames", -1, "NumberOfFrames is -1"),
        ("NumberOfFrames", MAX_FRAMES + 1, f"NumberOfFrames is {MAX_FRAMES + 1}"),
        ("SamplesPerPixel", 3, "got SamplesPerPixel 3"),
        ("PhotometricInterpretation", "RGB", "PhotometricInterpretation RGB"),
        ("PhotometricInterpretation", "PALETTE COLOR", "PALETTE COLOR"),
    ],
)
def test_impossible_claims_are_named(tmp_path: Path, keyword: str, value: Any, message: str) -> None:
    with pytest.raises(BadPixelData, match=message):
        layout(tmp_path, **{keyword: value})


def test_the_largest_size(tmp_path: Path) -> None:
    assert layout(tmp_path, Rows=10_000, Columns=10_000).frame_pixels == MAX_FRAME_PIXELS
    with pytest.raises(BadPixelData, match="Rows x Columns is 4294836225"):
        layout(tmp_path, Rows=65535, Columns=65535)


@pytest.mark.parametrize("value", ["two", "1.5", "nan"])
def test_a_number_that_is_none_is_refused_without_quoting_it(tmp_path: Path, value: str) -> None:
    with pydicom.config.disable_value_validation():
        data_set = image(PIXELS)
        data_set.add_new("NumberOfFrames", "LO", value)
        path = write(tmp_path / "a", data_set)
    with FileBytes(path) as file, pytest.raises(BadPixelData, match=r"^NumberOfFrames is no whole number$"):
        layout_of(read_data_set(file, TAGS))


def test_free_text_in_a_code_string_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(BadPixelData, match="PhotometricInterpretation unknown") as caught:
        layout(tmp_path, PhotometricInterpretation="DOE JANE")
    assert "DOE" not in str(caught.value)
