"""Beginnings of files, as the rules tester is given them."""

from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.dicom_node.build import CT, SERIES, identified

DX = "1.2.840.10008.5.1.4.1.1.1.1"
CHEST = {"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA", "PatientAge": "067Y", "PatientID": "P1",
         "PatientName": "DOE^JANE", "SeriesNumber": "1", "AccessionNumber": "A1", "StudyDate": "20260102",
         "StudyDescription": "Chest"}  # fmt: skip


def given(data_set: Dataset, length: int | None = None) -> bytes:
    """The first bytes of a file of this data set."""
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, data_set, enforce_file_format=True)
    return buffer.getvalue()[:length]


def chest(number: int = 1, series: str = SERIES, **values: Any) -> Dataset:
    """A frontal radiograph of an adult's chest, without pixels."""
    data_set = identified(DX, number, **{**CHEST, **values})
    data_set.SeriesInstanceUID, data_set.SOPInstanceUID = series, f"{series}.{number}"
    return data_set


def scan(count: int, series: str = f"{SERIES}.7", **values: Any) -> list[Dataset]:
    """An axial CT of the abdomen, a slice every 5 mm, without pixels."""
    found = []
    for number in range(1, count + 1):
        slice_ = chest(number, series, Modality="CT", BodyPartExamined="ABDOMEN", SeriesNumber="7", **values)
        slice_.SOPClassUID = CT
        slice_.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        slice_.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        slice_.ImagePositionPatient = [-200, -200, 5.0 * number]
        slice_.PixelSpacing, slice_.SliceThickness = [0.8, 0.8], "5"
        slice_.Rows = slice_.Columns = 512
        slice_.InstanceNumber = number
        found.append(slice_)
    return found
