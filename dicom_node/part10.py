"""The head of a PS3.10 file: preamble, prefix and File Meta Information (PS3.10 7.1)."""

from io import BytesIO
from struct import Struct, pack
from typing import BinaryIO

from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_preamble

from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID
from screening.errors import BadHeader

_PREAMBLE = bytes(128) + b"DICM"
_short = Struct("<HH2sH")  # an element in Explicit VR Little Endian with a length of 16 bits (PS3.5 7.1.2)
_VERSION = pack("<HH2sHI", 0x0002, 0x0001, b"OB", 0, 2) + b"\x00\x01"  # File Meta Information Version


def head(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """What stands before the data set in a file.

    It depends on nothing but the arguments (no version of ours, no sender, no time): an object that is sent twice makes
    the same file twice, whatever happened in between.
    """
    group = b"".join(
        (
            _VERSION,
            _uid(0x0002, sop_class_uid),
            _uid(0x0003, sop_instance_uid),
            _uid(0x0010, transfer_syntax_uid),
            _uid(0x0012, IMPLEMENTATION_CLASS_UID),
        )
    )
    return _PREAMBLE + _short.pack(0x0002, 0x0000, b"UL", 4) + pack("<I", len(group)) + group


def _uid(element: int, value: str) -> bytes:
    """An element of group 0002, VR UI, of even length (PS3.5 6.2)."""
    encoded = value.encode("ascii")
    encoded += b"\0" * (len(encoded) % 2)
    return _short.pack(0x0002, element, b"UI", len(encoded)) + encoded


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
