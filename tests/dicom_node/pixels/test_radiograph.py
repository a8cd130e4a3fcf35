import csv
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from screening.errors import BadHeader, BadPixelData
from screening.images import Radiograph
from tests.dicom_node.build import image, item, write

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4)


def read(path: Path) -> Radiograph:
    return read_radiograph(path, read_instance(path, location="x"))


def test_reads_pixels_spacing_and_header(tmp_path: Path) -> None:
    radiograph = read(write(tmp_path / "a", image(RAMP, ImagerPixelSpacing=[0.1, 0.2])))
    assert radiograph.pixels.shape == (3, 4)
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.spacing == (0.1, 0.2)
    assert radiograph.header["Rows"] == 3


def test_several_frames_and_another_instance(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(np.zeros((2, 3, 4), dtype=np.uint16)))
    with pytest.raises(BadPixelData, match="one frame, this has 2"):
        read(path)
    first = read_instance(write(tmp_path / "c", image(RAMP)), location="x")
    other = write(tmp_path / "d", image(RAMP, number=2))
    with pytest.raises(BadPixelData, match="is not instance"):
        read_radiograph(other, first)


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
def test_bone_is_bright_in_real_radiographs(real_data: Path) -> None:
    """In a chest the mediastinum (centre column) is brighter than the lungs beside it, whatever the polarity sent."""
    for name in ("pydicom-data__RG1_J2KI", "pylibjpeg-data__966_fixed"):
        pixels = read(real_data / "dicom_samples" / "crdx" / f"{name}.dcm").pixels
        rows, columns = pixels.shape
        band = pixels[int(0.25 * rows) : int(0.45 * rows)]
        mediastinum = band[:, int(0.45 * columns) : int(0.55 * columns)].mean()
        right_lung = band[:, int(0.15 * columns) : int(0.35 * columns)].mean()
        assert mediastinum > right_lung + 0.1, name
