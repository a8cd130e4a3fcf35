import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest

from dicom_node.file_bytes import FileBytes
from dicom_node.pixels import frames
from dicom_node.pixels.frames import locate
from screening.errors import BadPixelData
from tests.dicom_node.build import encapsulated, explicit, image, raw_file, source_of, stored, write

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4)
STACK = np.arange(36, dtype=np.uint16).reshape(3, 3, 4) * 7
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
JPEG_LS, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"


def compressed(pixels: npt.NDArray[Any]) -> bytes:
    """A JPEG-LS codestream of even length."""
    made = bytes(imagecodecs.jpegls_encode(pixels))
    return made + b"\0" * (len(made) % 2)


def halves(data: bytes) -> tuple[bytes, bytes]:
    middle = len(data) // 4 * 2
    return data[:middle], data[middle:]


@pytest.mark.parametrize("uid", [IMPLICIT, EXPLICIT, BIG])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.int32])
def test_native_frames_in_every_byte_order(tmp_path: Path, uid: str, dtype: type) -> None:
    pixels: npt.NDArray[Any] = (STACK.astype(np.int64) - (100 if np.dtype(dtype).kind == "i" else 0)).astype(dtype)
    data_set = image(pixels)
    if uid == BIG:
        data_set.PixelData = pixels.byteswap().tobytes()
    source = source_of(write(tmp_path / "a", data_set, uid))
    for index in (2, 0):
        got = source.stored_values(index)
        np.testing.assert_array_equal(got, pixels[index])
        assert got.dtype.isnative
        assert got.dtype.kind == np.dtype(dtype).kind


def test_8_bit_values_in_big_endian_words(tmp_path: Path) -> None:
    pixels = RAMP.astype(np.uint8)
    data_set = image(pixels, PixelData=pixels.view("<u2").byteswap().tobytes())
    data_set["PixelData"].VR = "OW"  # PS3.5 8.1.1: the first pixel is the low byte of the first word
    np.testing.assert_array_equal(stored(write(tmp_path / "a", data_set, BIG)), pixels)
    odd = image(np.zeros((3, 3), dtype=np.uint8))
    odd["PixelData"].VR = "OW"
    with pytest.raises(BadPixelData, match="odd length"):
        stored(write(tmp_path / "b", odd, BIG))


def test_8_bit_of_odd_length(tmp_path: Path) -> None:
    pixels = np.array([[0, 5, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(stored(write(tmp_path / "a", image(pixels))), pixels)


@pytest.mark.parametrize(
    ("raw", "values", "expected"),
    [
        (0xF007, {"BitsStored": 12}, 7),  # an overlay in the upper bits (PS3.5 8.1.2)
        (0x0070, {"BitsStored": 12, "HighBit": 15}, 7),
        (0x7FFF, {"BitsStored": 12, "HighBit": 13}, 0xFFF),
        (0x0FFF, {"BitsStored": 12, "PixelRepresentation": 1}, -1),  # upper bits unset, as some senders leave them
        (0xF800, {"BitsStored": 12, "PixelRepresentation": 1}, -2048),
        (0x07FF, {"BitsStored": 12, "PixelRepresentation": 1}, 2047),
        (0xFFFF, {"PixelRepresentation": 1}, -1),
        (0x1001, {"BitsStored": 12, "LossyImageCompression": "01"}, 0xFFF),  # an overshoot, decompressed since
        (0x0001, {"BitsStored": 1}, 1),
    ],
)
def test_bits_stored_high_bit_and_sign(tmp_path: Path, raw: int, values: dict[str, Any], expected: int) -> None:
    path = write(tmp_path / "a", image(np.full((2, 2), raw, dtype=np.uint16), **values))
    assert stored(path).tolist() == [[expected] * 2] * 2


@pytest.mark.parametrize(
    ("values", "needed"),
    [
        ({"Rows": 65535}, 524_280),
        ({"Columns": 5}, 30),
        ({"BitsAllocated": 32}, 48),
        ({"NumberOfFrames": 10_000}, 240_000),
    ],
)
def test_fewer_bytes_than_claimed_are_refused(tmp_path: Path, values: dict[str, Any], needed: int) -> None:
    with pytest.raises(BadPixelData, match=f"have 24 bytes, but .* need {needed}"):
        source_of(write(tmp_path / "a", image(RAMP, **values)))


def test_a_length_beyond_the_end_of_the_file_is_not_believed(tmp_path: Path) -> None:
    bare = image(RAMP)
    del bare.PixelData
    element = b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<L", 24) + RAMP.tobytes()
    np.testing.assert_array_equal(stored(raw_file(tmp_path / "a", explicit(bare) + element)), RAMP)
    with pytest.raises(BadPixelData, match="have 23 bytes"):
        stored(raw_file(tmp_path / "b", explicit(bare) + element[:-1]))


def test_what_contradicts_the_transfer_syntax_is_refused(tmp_path: Path) -> None:
    native, one = image(RAMP), encapsulated(image(RAMP), compressed(RAMP))
    path = write(tmp_path / "a", one, JPEG_LS)
    np.testing.assert_array_equal(stored(path), RAMP)
    (tmp_path / "b").write_bytes(path.read_bytes().replace(JPEG_LS.encode(), EXPLICIT.encode() + b"\0" * 3))
    with pytest.raises(BadPixelData, match="are encapsulated, which is not what"):
        stored(tmp_path / "b")
    (tmp_path / "c").write_bytes(path.read_bytes().replace(b"1.2.4.80", b"1.2.4.88"))
    with pytest.raises(BadPixelData, match=r"no decoder for transfer syntax 1\.2\.840\.10008\.1\.2\.4\.88"):
        stored(tmp_path / "c")
    with pytest.raises(BadPixelData, match="are native, which is not what"):
        stored(raw_file(tmp_path / "d", explicit(native), RLE.encode() + b"\0"))


def test_frames_in_fragments(tmp_path: Path) -> None:
    """One fragment each; several, told apart by the offset table; several, by where codestreams begin."""
    streams = [compressed(one) for one in STACK]
    split = [part for stream in streams for part in halves(stream)]
    table = [sum(len(one) + 16 for one in streams[:index]) for index in range(3)]
    cases = [(streams, ()), (streams, (0, 1, 2)), (split, table), (split, ())]
    for index, (fragments, offsets) in enumerate(cases):
        source = source_of(write(tmp_path / str(index), encapsulated(image(STACK), *fragments, table=offsets), JPEG_LS))
        for frame in range(3):
            np.testing.assert_array_equal(source.stored_values(frame), STACK[frame])


def test_one_frame_in_many_fragments(tmp_path: Path) -> None:
    first, second = halves(compressed(RAMP))
    path = write(tmp_path / "a", encapsulated(image(RAMP), *halves(first), *halves(second)), JPEG_LS)
    np.testing.assert_array_equal(stored(path), RAMP)


def test_fragments_that_make_no_frames_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [compressed(one) for one in STACK]

    def refused(name: str, message: str, data: bytes | None = None, *fragments: bytes) -> None:
        data_set = encapsulated(image(STACK), *fragments)
        path = write(tmp_path / name, data_set, JPEG_LS)
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(BadPixelData, match=message):
            source_of(path)

    refused("a", "have no fragment")
    refused("b", "2 fragments do not tell 3 frames apart", None, *streams[:2])
    refused("c", "4 fragments do not tell 3 frames apart", None, *streams, streams[0])
    whole = (tmp_path / "c").read_bytes()
    refused("d", "fragment 4 of the pixel data is cut short", whole[:-20])
    refused("e", "not in order", whole.replace(b"\xfe\xff\xdd\xe0", b"\xfe\xff\xdd\xe1"))
    monkeypatch.setattr(frames, "MAX_FRAGMENTS", 3)
    refused("f", "more than 3 fragments", whole)


def test_another_instance_and_no_pixels_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(RAMP))
    with FileBytes(path) as file, pytest.raises(BadPixelData, match=r"is not instance 1\.2\.3$"):
        locate(path, file, frozenset(), "1.2.3")
    bare = image(RAMP)
    del bare.PixelData
    with pytest.raises(BadPixelData, match="no pixel data"):
        source_of(write(tmp_path / "b", bare))


def test_a_file_that_shrinks_after_it_was_located_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(RAMP))
    source = source_of(path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BadPixelData, match="frame 1 has 20 bytes, needs 24"):
        source.stored_values(0)
