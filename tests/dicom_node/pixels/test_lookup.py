from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_node.elements import nested
from dicom_node.keywords import tag
from dicom_node.pixels.lookup import Lut, lut_of
from screening.errors import BadPixelData
from tests.dicom_node.build import identified, item, opened, write

LITTLE, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def table(count: int, first: int, bits: int, data: bytes | None) -> Dataset:
    made = item(LUTDescriptor=[count, first, bits])
    made["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    if data is not None:
        made.add_new("LUTData", "OW", data)
    return made


def lut(folder: Path, made: Dataset, uid: str = LITTLE, *, signed: bool = False) -> Lut:
    path = write(folder / "a", identified(PixelRepresentation=int(signed), ModalityLUTSequence=[made]), uid)
    with opened(path, "ModalityLUTSequence", "LUTDescriptor", "LUTData") as data_set:
        (found,) = nested(data_set.elements, tag("ModalityLUTSequence"))
        return lut_of(data_set, found, signed=signed)


@pytest.mark.parametrize("uid", [LITTLE, BIG])
def test_entries_by_the_byte_order_of_the_file(tmp_path: Path, uid: str) -> None:
    data = np.array([5, 600, 70], dtype="<u2" if uid == LITTLE else ">u2").tobytes()
    got = lut(tmp_path, table(3, 10, 12, data), uid)
    assert (got.first, got.bits, got.entries.tolist()) == (10, 12, [5, 600, 70])
    assert got.entries.dtype == np.float32


def test_inputs_outside_take_the_first_or_the_last_entry() -> None:
    made = Lut(10, 8, np.array([1, 2, 3], dtype=np.float32))
    inputs = np.array([[-32768, 9, 10], [11, 12, 65535]])
    np.testing.assert_array_equal(made(inputs), [[1, 1, 1], [2, 3, 3]])
    np.testing.assert_array_equal(made(np.array([10.4, 10.6, 1e12])), [1, 2, 3])  # modality values may be fractions


@pytest.mark.parametrize("implicit", [False, True])
def test_a_first_input_below_zero(tmp_path: Path, implicit: bool) -> None:
    made = table(2, -3, 16, b"\1\0\2\0")
    got = lut(tmp_path, made, "1.2.840.10008.1.2" if implicit else LITTLE, signed=True)
    assert got.first == -3
    np.testing.assert_array_equal(got(np.array([-4, -3, -2], dtype=np.int16)), [1, 1, 2])


def test_zero_entries_mean_65536(tmp_path: Path) -> None:
    got = lut(tmp_path, table(0, 0, 16, np.arange(65536, dtype="<u2").tobytes()))
    assert len(got.entries) == 65536
    assert got(np.array([65535])).tolist() == [65535]


def test_entries_of_8_bits_are_packed_or_in_words(tmp_path: Path) -> None:
    packed = lut(tmp_path, table(4, 0, 8, bytes([1, 2, 3, 250])))
    words = lut(tmp_path, table(4, 0, 8, np.array([1, 2, 3, 250], dtype="<u2").tobytes()))
    assert packed.entries.tolist() == words.entries.tolist() == [1, 2, 3, 250]


@pytest.mark.parametrize(
    ("count", "bits", "data", "message"),
    [
        (500, 16, b"", "has 0 bytes, its descriptor says 500 entries"),
        (500, 16, b"\1\0\2\0", "has 4 bytes, its descriptor says 500 entries"),
        (0, 16, b"\1\0\2\0", "says 65536 entries"),
        (2, 7, b"\1\0\2\0", "entries of 7 bits, must be 8 to 16"),
        (2, 17, b"\1\0\2\0", "entries of 17 bits"),
        (2, 16, None, "no LUTData"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, count: int, bits: int, data: bytes | None, message: str) -> None:
    with pytest.raises(BadPixelData, match=message):
        lut(tmp_path, table(count, 0, bits, data))


@pytest.mark.parametrize("descriptor", [[2, 0], [2, 0, 16, 1], None])
def test_a_descriptor_has_three_values(tmp_path: Path, descriptor: Any) -> None:
    made = table(2, 0, 16, b"\1\0\2\0")
    made.LUTDescriptor = descriptor
    with pytest.raises(BadPixelData, match="LUTDescriptor of three values"):
        lut(tmp_path, made)
