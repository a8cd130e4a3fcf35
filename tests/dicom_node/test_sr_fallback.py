"""The same report as an older SOP Class."""

from io import BytesIO

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage

from dicom_node.sr_fallback import fallback_classes, fallback_uid, restamp
from screening.types import is_uid
from tests.dicom_node.network import make_sc, make_sr, text_item


def _by_reference() -> Dataset:
    item = Dataset()
    item.RelationshipType = "INFERRED FROM"
    item.ReferencedContentItemIdentifier = [1, 1]
    return item


def _nested(item: Dataset) -> Dataset:
    outer = text_item("outer", "CONTAINER")
    outer.ContentSequence = [item]
    return outer


def test_only_class_and_uid_change() -> None:
    report = make_sr(_nested(text_item("stays")))
    older = restamp(report, ComprehensiveSRStorage)
    before, after = dcmread(BytesIO(report.encoded)), dcmread(BytesIO(older.encoded))
    uid = fallback_uid(report.sop_instance_uid, ComprehensiveSRStorage)
    assert older.sop_class_uid == after.SOPClassUID == after.file_meta.MediaStorageSOPClassUID == ComprehensiveSRStorage
    assert older.sop_instance_uid == after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID == uid
    for ds in (before, after):
        del ds.SOPClassUID, ds.SOPInstanceUID
        del ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID
        del ds.file_meta.FileMetaInformationGroupLength
    assert after == before
    assert after.file_meta == before.file_meta


def test_it_is_the_same_every_time() -> None:
    report = make_sr()
    assert restamp(report, EnhancedSRStorage) == restamp(report, EnhancedSRStorage)
    assert restamp(report, EnhancedSRStorage).encoded == restamp(report, EnhancedSRStorage).encoded


def test_uids_differ_by_report_and_class() -> None:
    uids = {fallback_uid(uid, sop_class) for uid in ("1.2.3", "1.2.4") for sop_class in ("1.2.5", "1.2.6")}
    assert len(uids) == 4
    assert all(is_uid(uid) for uid in uids)


@pytest.mark.parametrize(
    ("item", "classes"),
    [
        (text_item("plain"), (ComprehensiveSRStorage, EnhancedSRStorage)),
        (_by_reference(), (ComprehensiveSRStorage,)),
        (_nested(_by_reference()), (ComprehensiveSRStorage,)),
        (text_item("", "SCOORD3D"), ()),
        (_nested(text_item("", "TABLE")), ()),
    ],
)
def test_content_decides_what_it_may_become(item: Dataset, classes: tuple[str, ...]) -> None:
    assert fallback_classes(make_sr(item)) == classes


def test_other_objects_have_no_fallback() -> None:
    assert fallback_classes(make_sc()) == ()
    assert fallback_classes(make_sr(sop_class_uid=EnhancedSRStorage)) == ()
    assert fallback_classes(make_sr(sop_class_uid=ComprehensiveSRStorage)) == (EnhancedSRStorage,)


def test_no_report_is_made_newer() -> None:
    report = make_sr(sop_class_uid=ComprehensiveSRStorage)
    with pytest.raises(ValueError, match="must be a fallback"):
        restamp(report, Comprehensive3DSRStorage)
