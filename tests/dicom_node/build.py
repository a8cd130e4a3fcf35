"""Small DICOM files for tests of reading, written with pydicom."""

import copy
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from dicom_node.elements import DataSet, read_data_set
from dicom_node.file_bytes import FileBytes
from dicom_node.header import read_instance
from dicom_node.keywords import tag
from dicom_node.pixels.frames import PixelSource, locate
from screening.header import Header
from screening.types import Instance

CR, CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
STUDY, SERIES = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.1.1"


def identified(sop_class_uid: str = CR, number: int = 1, **values: Any) -> Dataset:
    """A data set with the four UIDs, and what else is given by keyword."""
    data_set = Dataset()
    data_set.SOPClassUID = sop_class_uid
    data_set.SOPInstanceUID = f"{SERIES}.{number}"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = STUDY, SERIES
    for keyword, value in values.items():
        setattr(data_set, keyword, value)
    return data_set


def image(pixels: npt.NDArray[Any], sop_class_uid: str = CR, number: int = 1, **values: Any) -> Dataset:
    """A grey-scale image of these stored values; keywords given go before what the array says."""
    bits = 8 * pixels.itemsize
    data_set = identified(sop_class_uid, number)
    data_set.Rows, data_set.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        data_set.NumberOfFrames = len(pixels)
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = bits
    data_set.HighBit = max(values.get("BitsStored", bits) - 1, 0)
    data_set.PixelRepresentation = int(pixels.dtype.kind == "i")
    data_set.add_new("PixelData", "OB" if bits == 8 else "OW", pixels.tobytes() + b"\0" * (pixels.nbytes % 2))
    for keyword, value in values.items():
        setattr(data_set, keyword, value)
    return data_set


def write(path: Path, data_set: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> Path:
    """Write a file with preamble and file meta information."""
    data_set = copy.deepcopy(data_set)
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    data_set.file_meta.MediaStorageSOPClassUID = data_set.get("SOPClassUID", CR)
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.get("SOPInstanceUID", "1.2.3")
    data_set.save_as(path, enforce_file_format=True)
    return path


def explicit(data_set: Dataset) -> bytes:
    """The data set's own bytes in explicit VR little endian, without preamble and meta."""
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, data_set, implicit_vr=False, little_endian=True)
    return buffer.getvalue()


def raw_file(path: Path, body: bytes, transfer_syntax_uid: bytes = b"1.2.840.10008.1.2.1\0") -> Path:
    """A file with preamble and a meta information of the transfer syntax alone, then these bytes."""
    meta = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(transfer_syntax_uid)) + transfer_syntax_uid
    path.write_bytes(b"\0" * 128 + b"DICM" + meta + body)
    return path


@contextmanager
def opened(path: Path, *keywords: str) -> Iterator[DataSet]:
    """The elements of these keywords in a file that stays open for their values."""
    with FileBytes(path) as file:
        yield read_data_set(file, {tag(keyword) for keyword in keywords})


def encapsulated(data_set: Dataset, *fragments: bytes, table: Sequence[int] = ()) -> Dataset:
    """The image with these fragments (of even length) as its pixel data, after a basic offset table."""
    items = [struct.pack(f"<{len(table)}L", *table), *fragments]
    data_set.PixelData = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(one)) + one for one in items)
    data_set["PixelData"].VR, data_set["PixelData"].is_undefined_length = "OB", True
    return data_set


def source_of(path: Path) -> PixelSource:
    """Where a file's frames are."""
    instance = read_instance(path, location="x")
    with FileBytes(path) as file:
        return locate(path, file, frozenset(), instance.sop_instance_uid)[1]


def stored(path: Path, frame: int = 0) -> npt.NDArray[Any]:
    """The stored values of one frame."""
    return source_of(path).stored_values(frame)


def item(**values: Any) -> Dataset:
    """An item of a sequence."""
    data_set = Dataset()
    for keyword, value in values.items():
        setattr(data_set, keyword, value)
    return data_set


def ct_slices(
    count: int = 5, spacing: float = 2.0, orientation: Sequence[float] = (1, 0, 0, 0, 1, 0), **values: Any
) -> list[Dataset]:
    """Axial CT slices of 3 x 4 pixels; slice i has stored values 100 i, HU = stored - 1000."""
    defaults: dict[str, Any] = {
        "Modality": "CT", "ImageOrientationPatient": list(orientation), "PixelSpacing": [0.5, 0.75],
        "RescaleSlope": 1, "RescaleIntercept": -1000,
    }  # fmt: skip
    return [
        image(
            np.full((3, 4), 100 * index, dtype=np.int16),
            CT,
            index + 1,
            ImagePositionPatient=[10, 20, -100 + spacing * index],
            **(defaults | values),
        )
        for index in range(count)
    ]


def instance_of(path: Path, header: Header, sop_instance_uid: str) -> Instance:
    """An Instance for files whose own study and series are missing or invalid (de-identified samples)."""
    return Instance(
        sop_class_uid=CR,
        sop_instance_uid=sop_instance_uid,
        series_instance_uid=SERIES,
        study_instance_uid=STUDY,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        digest="0" * 64,
        location=str(path),
        header=header,
    )
