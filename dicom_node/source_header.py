"""The header of a source image as reports copy from it: a whole data set, read by pydicom from bounded bytes."""

from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from dicom_node.elements import PIXEL_DATA, read_data_set
from dicom_node.file_bytes import FileBytes
from screening.errors import BadHeader


def read_source_header(path: Path) -> Dataset:
    """Every element before the pixel data.

    pydicom makes room for as many bytes as a length says before it reads one. So it is given the header's bytes and no
    file: a claim of gigabytes then finds what there is.

    Raises
    ------
    BadHeader
        If the file is no DICOM file, or ends inside its header.
    SpoolUnavailable
        If the file itself cannot be read.
    """
    with FileBytes(path) as file:
        pixels = read_data_set(file, ()).elements.get(PIXEL_DATA)
        head = file.read(0, file.size if pixels is None else pixels.offset)
    try:
        return pydicom.dcmread(BytesIO(head), stop_before_pixels=True, force=True)
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001 (pydicom raises whatever a malformed element leads to; its text may quote it)
        raise BadHeader(f"the header cannot be read to its end ({type(exc).__name__}); have it sent again") from None
