"""The volumes that were measured as a DICOM segmentation (PS3.3 A.51), binary where its frames fill whole bytes.

highdicom writes it and is imported only when there is one: that takes a second. What it takes from the clock, from
chance and from headers that may be malformed is replaced or handed to it mended, so that the bytes follow from the
request alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from dicom_node.reports.colours import SEGMENTS
from dicom_node.reports.frame import MANUFACTURER, MODEL_NAME, Frame, Place, encode, new_object, serial_number
from dicom_node.reports.normalise import numbers_of, uid_in
from dicom_node.reports.tracking import tracking_uid
from screening.codes import CodedName
from screening.findings import Findings, Segment
from screening.reports import ObjectKind, ReportObject

PLACE = Place(
    kind=ObjectKind.SEG,
    role="masks",
    sop_class_uid=str(SegmentationStorage),
    modality="SEG",
    series="masks",
    series_offset=2,
)
_GEOMETRY = {"PixelSpacing": 2, "ImagePositionPatient": 3, "ImageOrientationPatient": 6}  # numbers in each
_COPIED = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime",
    "StudyID", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip


def has_segmentation(frame: Frame) -> bool:
    """Whether there is something to segment, on slices that all lie in one frame of reference."""
    outcome = frame.request.outcome
    if not isinstance(outcome, Findings) or not outcome.segments:
        return False
    by_uid = _raw(frame)
    shown = [by_uid[uid] for uid in _shown(outcome.segments) if uid in by_uid]
    frames = {uid_in(dataset, "FrameOfReferenceUID") for dataset in shown}
    placed = all(len(numbers_of(dataset, key)) == count for dataset in shown for key, count in _GEOMETRY.items())
    return placed and len(frames) == 1 and None not in frames


def build_segmentation(frame: Frame) -> ReportObject:
    """The segments of the findings, one frame for each slice that shows something of one.

    Raises
    ------
    ValueError
        If there is nothing to segment (`has_segmentation`).
    BadHeader
        If a segment lies on an image that is not among the sources.
    """
    import highdicom as hd  # noqa: PLC0415 (slow to import)

    outcome = frame.request.outcome
    if not isinstance(outcome, Findings) or not has_segmentation(frame):
        raise ValueError("outcome must have segments on slices of one frame of reference")
    uids = _shown(outcome.segments)
    order = {source.sop_instance_uid: index for index, source in enumerate(frame.subject.sources)}
    uids.sort(key=lambda uid: order.get(uid, len(order)))
    dataset = hd.seg.Segmentation(
        source_images=_sources(frame, uids),
        pixel_array=_pixels(outcome.segments, uids),
        **_packing(outcome.segments[0].mask.shape[1:]),
        segment_descriptions=[_description(frame, n, segment) for n, segment in enumerate(outcome.segments, start=1)],
        series_instance_uid=frame.uids.of(f"series/{PLACE.series}"),
        series_number=frame.request.card.series_base + PLACE.series_offset,
        sop_instance_uid=frame.uids.of(f"instance/{PLACE.role}"),
        instance_number=PLACE.instance_number,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL_NAME,
        software_versions=frame.request.software_version,
        device_serial_number=serial_number(frame.request),
        content_label="AI_MASKS",
        content_description=frame.request.card.banner[:64],
        content_creator_name="Opportune^",
    )
    dataset.update(new_object(frame, PLACE))
    organisation = frame.uids.of("dimension organisation")
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = organisation
    return encode(dataset, PLACE)


def _raw(frame: Frame) -> dict[str, Dataset]:
    """The sources' headers as they came, by SOP Instance UID."""
    uids = (source.sop_instance_uid for source in frame.subject.sources)
    return dict(zip(uids, frame.request.sources, strict=True))


def _shown(segments: Sequence[Segment]) -> list[str]:
    return list(dict.fromkeys(uid for segment in segments for uid in segment.sop_instance_uids))


def _sources(frame: Frame, uids: Sequence[str]) -> list[Dataset]:
    """What highdicom needs of each source, from headers that were mended."""
    raw, out = _raw(frame), []
    for uid in uids:
        source, dataset = frame.subject.source(uid), Dataset()
        for keyword in _COPIED:
            setattr(dataset, keyword, frame.subject.header[keyword].value)
        dataset.SOPClassUID, dataset.SOPInstanceUID = source.sop_class_uid, uid
        dataset.SeriesInstanceUID, dataset.Modality = source.series_instance_uid, source.modality
        dataset.Rows, dataset.Columns = source.rows, source.columns
        dataset.FrameOfReferenceUID = uid_in(raw[uid], "FrameOfReferenceUID")
        for keyword in _GEOMETRY:
            setattr(dataset, keyword, [f"{value:.10g}" for value in numbers_of(raw[uid], keyword)])
        dataset.SliceThickness = f"{_thickness(raw[uid]):.10g}"
        out.append(dataset)
    return out


def _thickness(dataset: Dataset) -> float:
    """SliceThickness, SpacingBetweenSlices where it is missing; type 1 in the segmentation, so 1 mm is the last."""
    found = (numbers_of(dataset, keyword) for keyword in ("SliceThickness", "SpacingBetweenSlices"))
    return next((values[0] for values in found if len(values) == 1 and values[0] > 0), 1.0)


def _pixels(segments: Sequence[Segment], uids: Sequence[str]) -> npt.NDArray[np.uint8]:
    """(N, rows, columns, segments) of 0 and 1."""
    out = np.zeros((len(uids), *segments[0].mask.shape[1:], len(segments)), np.uint8)
    for number, segment in enumerate(segments):
        for uid, mask in zip(segment.sop_instance_uids, segment.mask, strict=True):
            out[uids.index(uid), ..., number] = mask
    return out


def _packing(shape: tuple[int, ...]) -> dict[str, Any]:
    """How the voxels are written: one bit each, or one byte each where a frame would end within a byte.

    The standard packs the bits of all frames without a gap (PS3.5 8.2). Programs that take a frame out of them lose
    step at the first that does not begin with a byte: Orthanc 1.10 answers 400, OHIF 3.13 draws none or skews it.
    """
    import highdicom as hd  # noqa: PLC0415 (slow to import)

    types = hd.seg.SegmentationTypeValues
    if int(np.prod(shape)) % 8 == 0:
        return {"segmentation_type": types.BINARY}
    return {
        "segmentation_type": types.FRACTIONAL,
        "fractional_type": hd.seg.SegmentationFractionalTypeValues.OCCUPANCY,
        "max_fractional_value": 1,
    }


def _description(frame: Frame, number: int, segment: Segment) -> Any:
    import highdicom as hd  # noqa: PLC0415 (slow to import)

    card = frame.request.card
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=_concept(segment.category),
        segmented_property_type=_concept(segment.kind),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=card.name,
            version=card.version,
            family=hd.sr.CodedConcept("123110", "DCM", "Artificial Intelligence"),
            parameters={"weights_sha256": card.weights_sha256},
        ),
        anatomic_regions=None if segment.site is None else [_concept(segment.site)],
        tracking_uid=tracking_uid(frame, segment.tracking_identifier),
        tracking_id=segment.tracking_identifier,
        display_color=hd.color.CIELabColor.from_rgb(*SEGMENTS[(number - 1) % len(SEGMENTS)]),
    )


def _concept(code: CodedName) -> Any:
    import highdicom as hd  # noqa: PLC0415 (slow to import)

    return hd.sr.CodedConcept(code.value, code.scheme, code.meaning)
