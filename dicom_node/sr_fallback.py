"""Structured reports for archives that do not take Comprehensive 3D SR.

A report that uses nothing but what an older SOP Class allows too may travel under that one. It is another SOP Instance
then, so it has a SOP Instance UID of its own, which depends on nothing but the original: however often it is sent, it
is sent under the same UID with the same bytes.
"""

from collections.abc import Iterator
from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.uid import UID, Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage

from dicom_node.reports.uids import uid_of
from screening.reports import ReportObject

FALLBACKS: dict[str, tuple[str, ...]] = {
    str(Comprehensive3DSRStorage): (str(ComprehensiveSRStorage), str(EnhancedSRStorage)),
    str(ComprehensiveSRStorage): (str(EnhancedSRStorage),),
}
"""SOP Class of a report, and what it may be sent as instead, best first."""

_ONLY_3D = frozenset({"SCOORD3D", "TABLE"})
"""Value Types of Comprehensive 3D SR that Comprehensive SR does not have (PS3.3 A.35.13.3.1.1, A.35.3.3.1.1)."""


def fallback_uid(sop_instance_uid: str, sop_class_uid: str) -> str:
    """SOP Instance UID under which a report travels as another SOP Class."""
    return uid_of("sr-fallback", sop_instance_uid, sop_class_uid)


def fallback_classes(report: ReportObject) -> tuple[str, ...]:
    """SOP Classes that this very report may be sent as instead, best first."""
    classes = FALLBACKS.get(report.sop_class_uid, ())
    if not classes:
        return ()
    items = list(_content_items(dcmread(BytesIO(report.encoded))))
    if any(item.get("ValueType") in _ONLY_3D for item in items):
        return ()
    # by-reference relationships are in Comprehensive SR, not in Enhanced SR (PS3.3 A.35.2.3.1.2)
    if any("ReferencedContentItemIdentifier" in item for item in items):
        return tuple(uid for uid in classes if uid != EnhancedSRStorage)
    return classes


def restamp(report: ReportObject, sop_class_uid: str) -> ReportObject:
    """The same report as another SOP Class. Deterministic.

    Raises
    ------
    ValueError
        If a report of its SOP Class cannot be one of the other.
    """
    if sop_class_uid not in FALLBACKS.get(report.sop_class_uid, ()):
        raise ValueError(f"sop_class_uid must be a fallback of {report.sop_class_uid}, got {sop_class_uid!r}")
    ds = dcmread(BytesIO(report.encoded))
    uid = fallback_uid(report.sop_instance_uid, sop_class_uid)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return ReportObject(
        kind=report.kind,
        role=report.role,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=uid,
        series_instance_uid=report.series_instance_uid,
        encoded=buffer.getvalue(),
    )


def _content_items(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence") or ():
        yield child
        yield from _content_items(child)
