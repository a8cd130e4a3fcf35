"""A header for reports: whole, or refused with a reason; lengths that lie cost nothing."""

import struct
import tracemalloc
from pathlib import Path

import pydicom
import pytest

from dicom_node.source_header import read_source_header
from screening.errors import BadHeader
from tests.worker.fake_model import write_picture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_picture(tmp_path)


def _insert(path: Path, element: bytes) -> None:
    """Put bytes before the pixel data."""
    content = path.read_bytes()
    start = content.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[:start] + element + content[start:])


def test_it_is_what_pydicom_reads_of_the_file(path: Path) -> None:
    found, whole = read_source_header(path), pydicom.dcmread(path, stop_before_pixels=True)
    assert found == whole
    assert (found.file_meta, "PixelData" in found) == (whole.file_meta, False)


def test_a_file_without_pixel_data_is_a_header(path: Path) -> None:
    ds = pydicom.dcmread(path)
    del ds.PixelData
    ds.save_as(path)
    assert read_source_header(path).PatientID == "ZQ-778812"


def test_a_length_that_lies_takes_no_memory(path: Path) -> None:
    _insert(path, struct.pack("<HH2sHL", 0x0051, 0x1001, b"UN", 0, 3_000_000_000))
    tracemalloc.start()
    try:
        assert read_source_header(path).PatientID == "ZQ-778812"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**24


def test_a_header_that_ends_in_a_sequence_is_refused_without_its_text(path: Path) -> None:
    ds = pydicom.dcmread(path, stop_before_pixels=True)
    ds.save_as(path)
    with path.open("ab") as file:
        file.write(struct.pack("<HH2sHL", 0x0051, 0x1001, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0")
    with pytest.raises(BadHeader, match=r"^the header cannot be read to its end \(\w+\); have it sent again$"):
        read_source_header(path)


def test_what_is_no_dicom_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"JFIF" * 100)
    with pytest.raises(BadHeader, match="not a DICOM file"):
        read_source_header(tmp_path / "a")
