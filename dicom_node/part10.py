"""The head of a PS3.10 file: preamble, prefix and File Meta Information (PS3.10 7.1)."""

from io import BytesIO
from typing import BinaryIO

from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID
from screening.errors import BadHeader


def head(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """What stands before the data set in a file.

    It depends on nothing but the arguments (no version of ours, no sender, no time): an object that is sent twice makes
    the same file twice, whatever happened in between.
    """
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0  # counted when written
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = False
    write_file_meta_info(buffer, meta, enforce_standard=False)
    return b"\x00" * 128 + b"DICM" + buffer.getvalue()


def split(file: BinaryIO) -> tuple[FileMetaDataset, int]:
    """The File Meta Information of a file that is open at its begin, and where the data set begins, in bytes.

    Raises
    ------
    BadHeader
        If it is no PS3.10 file, or SOP Class, SOP Instance or transfer syntax are missing.
    """
    try:
        read_preamble(file, force=False)
        meta = _read_file_meta_info(file)
    except (InvalidDicomError, EOFError, ValueError, KeyError, NotImplementedError) as exc:
        raise BadHeader(f"not a PS3.10 file: {type(exc).__name__}") from exc
    for keyword in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID"):
        if not meta.get(keyword):
            raise BadHeader(f"File Meta Information lacks {keyword}")
    return meta, file.tell()


def split_bytes(encoded: bytes) -> tuple[FileMetaDataset, bytes]:
    """The File Meta Information and the data set of a file in memory; raises as `split` does."""
    meta, offset = split(BytesIO(encoded))
    return meta, encoded[offset:]
