"""The head of a file."""

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, CTImageStorage, JPEG2000Lossless

from dicom_node.identity import prepare_pynetdicom
from dicom_node.part10 import head, split, split_bytes
from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID
from screening.errors import BadHeader
from tests.dicom_node.network import encoded, make_dataset

UIDS = {
    "sop_class_uid": str(CTImageStorage),
    "sop_instance_uid": "1.2.3.45",
    "transfer_syntax_uid": str(JPEG2000Lossless),
}


def test_pydicom_reads_the_head() -> None:
    ds = dcmread(BytesIO(head(**UIDS)))
    assert ds.preamble == b"\x00" * 128
    assert ds.file_meta.MediaStorageSOPClassUID == CTImageStorage
    assert ds.file_meta.MediaStorageSOPInstanceUID == "1.2.3.45"
    assert ds.file_meta.TransferSyntaxUID == JPEG2000Lossless
    assert ds.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert len(head(**UIDS)) == 132 + 12 + ds.file_meta.FileMetaInformationGroupLength
    assert len(ds) == 0


@pytest.mark.parametrize("sop_instance_uid", ["1.2.3.45", "1.2.3.4"])
def test_pydicom_writes_the_same(sop_instance_uid: str) -> None:
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0  # counted when written
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    meta.TransferSyntaxUID = JPEG2000Lossless
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_file_meta_info(buffer, meta, enforce_standard=False)
    assert head(**UIDS | {"sop_instance_uid": sop_instance_uid}) == bytes(128) + b"DICM" + buffer.getvalue()


def test_the_same_object_has_the_same_head() -> None:
    """No version and no time in it: a resend after an upgrade makes the same file."""
    assert head(**UIDS) == head(**UIDS)
    assert "ImplementationVersionName" not in dcmread(BytesIO(head(**UIDS))).file_meta


def test_split_is_the_inverse() -> None:
    meta, data_set = split_bytes(head(**UIDS) + b"data set")
    assert data_set == b"data set"
    assert meta.MediaStorageSOPInstanceUID == "1.2.3.45"


def test_split_of_what_others_wrote(tmp_path: Path) -> None:
    ds = make_dataset()
    path = tmp_path / "a.dcm"
    path.write_bytes(encoded(ds))
    with path.open("rb") as file:
        meta, offset = split(file)
    assert meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
    assert path.read_bytes()[offset : offset + 4] == b"\x08\x00\x16\x00"  # SOP Class UID comes first


@pytest.mark.parametrize(
    "data", [b"", b"text", b"\x00" * 128 + b"DICM", b"\x00" * 128 + b"NOPE", head(**UIDS)[:170], head(**UIDS)[:150]]
)
def test_what_is_no_file_is_told(data: bytes) -> None:
    prepare_pynetdicom()  # pydicom would warn of the UID that is cut in two
    with pytest.raises(BadHeader):
        split_bytes(data)


def test_a_missing_uid_is_named() -> None:
    ds = make_dataset()
    data = encoded(ds)
    # Media Storage SOP Instance UID (0002,0003) becomes a tag of nobody
    with pytest.raises(BadHeader, match="MediaStorageSOPInstanceUID"):
        split_bytes(data.replace(b"\x02\x00\x03\x00UI", b"\x02\x00\x04\x00UI", 1))
