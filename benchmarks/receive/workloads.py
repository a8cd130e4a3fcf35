"""What is sent: images of noise, which nothing compresses, with a header like a modality's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """Images, and the associations that they come in."""

    name: str
    what: str
    instances: int
    rows: int
    columns: int
    associations: int = 1  #: at the same time
    alone: bool = False  #: each instance in an association of its own, as many modalities do

    @property
    def is_ct(self) -> bool:
        """Whether the images are CT slices, one series per association; else radiographs, a study each."""
        return self.rows == self.columns

    def scaled(self, share: float) -> "Workload":
        """The same with fewer instances, at least one for each association."""
        fewer = max(self.associations, round(self.instances * share))
        return Workload(
            name=self.name, what=self.what, instances=fewer, rows=self.rows, columns=self.columns,
            associations=self.associations, alone=self.alone,
        )  # fmt: skip


WORKLOADS = (
    Workload(name="W1", what="CT slices of 0.5 MB, one association", instances=500, rows=512, columns=512),
    Workload(
        name="W2", what="CT slices of 0.5 MB, four associations", instances=1000, rows=512, columns=512, associations=4
    ),
    Workload(name="W3", what="radiographs of 15 MB, one association", instances=40, rows=3000, columns=2500),
    Workload(
        name="W4", what="radiographs of 1 MB, an association each", instances=200, rows=730, columns=720, alone=True
    ),
)


def write(workload: Workload, folder: Path) -> list[Path]:
    """Write its images, in a folder for each association; the folders. What is there already stays."""
    folders = [
        folder / f"{workload.name}-{workload.instances}" / str(number) for number in range(workload.associations)
    ]
    for number, share in enumerate(folders):
        if share.is_dir():
            continue
        share.mkdir(parents=True)
        count = workload.instances // workload.associations + (number < workload.instances % workload.associations)
        for place, dataset in enumerate(_images(workload, count, seed=number)):
            dataset.save_as(share / f"{place:04d}.dcm", enforce_file_format=True)
    return folders


def _images(workload: Workload, count: int, seed: int) -> Iterator[Dataset]:
    rng = np.random.default_rng(seed)
    study, series = generate_uid(), generate_uid()
    for number in range(count):
        if not workload.is_ct:
            study, series = generate_uid(), generate_uid()
        dataset = _header(workload.is_ct, study, series, number)
        dataset.Rows, dataset.Columns = workload.rows, workload.columns
        dataset.PixelData = rng.bytes(2 * workload.rows * workload.columns)
        yield dataset


def _header(is_ct: bool, study: str, series: str, number: int) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = CTImageStorage if is_ct else DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20260102", "101112", "BENCH"
    dataset.Modality = "CT" if is_ct else "DX"
    dataset.Manufacturer, dataset.StudyDescription, dataset.SeriesDescription = "NONE", "BENCH", "NOISE"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = "BENCH", "BENCH", "O"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number + 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    return dataset
