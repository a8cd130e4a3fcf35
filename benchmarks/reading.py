"""How fast a CT series becomes a volume in Hounsfield units: our reader beside pydicom and SimpleITK's way.

`python -m benchmarks.reading` writes series of simulated slices, native and compressed, and reads each by both ways in
turn. The volumes must be equal.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, generate_uid

from dicom_node.header import read_instance
from dicom_node.pixels.volume import read_volume
from screening.types import Instance

Volume = npt.NDArray[np.float32]
_SIZE = 512


@dataclass(frozen=True, slots=True)
class Series:
    """Slices of one encoding."""

    name: str
    transfer_syntax_uid: UID
    slices: int
    encode: Callable[[npt.NDArray[np.int16]], bytes] | None  #: None: native


SERIES = (
    Series("uncompressed", ExplicitVRLittleEndian, 500, None),
    Series("JPEG-LS", JPEGLSLossless, 50, lambda pixels: bytes(imagecodecs.jpegls_encode(pixels.view(np.uint16)))),
    Series(
        "JPEG 2000", JPEG2000Lossless, 50,
        lambda pixels: bytes(imagecodecs.jpeg2k_encode(pixels.view(np.uint16), codecformat="j2k", reversible=True)),
    ),
)  # fmt: skip


def write(series: Series, folder: Path) -> list[Path]:
    """A round body with noise of 20 HU in air, which compresses about as far as a chest does."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:_SIZE, :_SIZE] - _SIZE / 2
    body = np.where(x**2 + (1.4 * y) ** 2 < (0.4 * _SIZE) ** 2, 40.0, -1000.0)
    study, uid, frame = generate_uid(), generate_uid(), generate_uid()
    paths = []
    for number in range(series.slices):
        noise = np.where(body > -1000, rng.normal(0, 20, body.shape), 0)
        stored = np.clip(body + noise + 1024, 0, 4095).astype(np.int16)
        paths.append(folder / f"{number:04d}.dcm")
        _slice(series, stored, number, (study, uid, frame)).save_as(paths[-1], enforce_file_format=True)
    return paths


def _slice(series: Series, stored: npt.NDArray[np.int16], number: int, uids: tuple[str, str, str]) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = series.transfer_syntax_uid
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = uids
    dataset.Modality, dataset.PatientID, dataset.InstanceNumber = "CT", "BENCH", number + 1
    dataset.Rows = dataset.Columns = _SIZE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
    dataset.PixelSpacing, dataset.SliceThickness = [0.7, 0.7], 1
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number]
    if series.encode is None:
        dataset.PixelData = stored.tobytes()
    else:
        dataset.PixelData = encapsulate([series.encode(stored)])
        dataset["PixelData"].VR = "OB"
    return dataset


def by_pydicom(paths: Sequence[Path]) -> Volume:
    """What the usual example does."""
    slices = sorted((dcmread(path) for path in paths), key=lambda ds: float(ds.ImagePositionPatient[2]))
    return np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in slices]).astype(
        np.float32
    )


def by_us(paths: Sequence[Path]) -> Volume:
    """What a worker does after a series was chosen; the headers were read when the files came."""
    return read_volume(_SOURCES[paths[0].parent], threads=len(os.sched_getaffinity(0))).hu


_SOURCES: dict[Path, list[tuple[Path, Instance]]] = {}


def measure(series: Series, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round. Raises ValueError if the volumes differ."""
    paths = write(series, folder)
    _SOURCES[folder] = [(path, read_instance(path, location=path.name)) for path in paths]
    if not np.array_equal(by_us(paths), by_pydicom(paths)):
        raise ValueError(f"{series.name}: the volumes differ")
    seconds: dict[str, list[float]] = {"pydicom": [], "Opportune": []}
    for _ in range(rounds):
        for name, way in (("pydicom", by_pydicom), ("Opportune", by_us)):
            begun = time.perf_counter()
            way(paths)
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="of the slices of each series")
    options = parser.parse_args()
    print(
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; files in the page cache, {options.rounds} rounds\n"
    )
    print("| slices of 512 x 512 | pydicom, s | Opportune, s | times as fast |")
    print("| --- | --- | --- | --- |")
    for series in SERIES:
        some = replace(series, slices=max(3, round(series.slices * options.share)))
        with tempfile.TemporaryDirectory() as folder:
            seconds = measure(some, Path(folder), options.rounds)
        ratios = [theirs / ours for theirs, ours in zip(seconds["pydicom"], seconds["Opportune"], strict=True)]
        print(
            f"| {some.slices} {some.name} | {statistics.median(seconds['pydicom']):.2f}"
            f" | {statistics.median(seconds['Opportune']):.2f}"
            f" | {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) |"
        )


if __name__ == "__main__":
    main()
