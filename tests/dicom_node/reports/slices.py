"""A CT of a few slices as sources of a report, with masks on some of them."""

from dataclasses import replace
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicom_node.reports.frame import Frame
from dicom_node.reports.normalise import normalise
from dicom_node.reports.request import ReportRequest
from dicom_node.reports.uids import ReportUids
from screening import codes
from screening.findings import Findings, Measurement, MeasurementGroup, Segment, rectangle
from screening.types import Eligible
from tests.dicom_node.reports.factories import SERIES_UID, make_request, make_source

ROWS, COLUMNS, COUNT = 24, 30, 6
FRAME_OF_REFERENCE = "1.2.840.99999.7"


def uid(k: int) -> str:
    """Of slice k."""
    return f"1.2.840.99999.1.2.{k + 1}"


def make_slice(k: int, **values: Any) -> Dataset:
    """The header of slice k; a value None takes the element away."""
    standard: dict[str, Any] = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": uid(k), "Modality": "CT", "Rows": ROWS,
        "Columns": COLUMNS, "PixelSpacing": [1.5, 1.5], "ImagerPixelSpacing": None, "PatientOrientation": None,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [-20, -15, 3 * k],
        "FrameOfReferenceUID": FRAME_OF_REFERENCE, "SliceThickness": "3", "BodyPartExamined": "ABDOMEN",
    }  # fmt: skip
    return make_source(**(standard | values))


def masks() -> tuple[np.ndarray, np.ndarray]:
    """Bone on slices 1 to 3, muscle on slice 4."""
    bone = np.zeros((3, ROWS, COLUMNS), np.bool_)
    bone[:, 8:12, 10:16] = True
    bone[1, 8, 10] = False
    muscle = np.zeros((1, ROWS, COLUMNS), np.bool_)
    muscle[0, 14:20, 4:25] = True
    return bone, muscle


def masked_findings() -> Findings:
    """Two groups, each with its mask; the second has two regions."""
    bone, muscle = masks()
    names = ("L1 trabecular ROI", "Skeletal muscle at L3")
    group = MeasurementGroup(
        tracking_identifier=names[0], finding=codes.SPINE, site=codes.VERTEBRAE["L1"],
        region=rectangle(10, 8, 16, 12, uid(2)),
        measurements=(
            Measurement(name=codes.ATTENUATION, value=101.5, unit=codes.HOUNSFIELD, derivation=codes.MEAN),
            Measurement(name=codes.ATTENUATION, value=20.0, unit=codes.HOUNSFIELD, derivation=codes.STANDARD_DEVIATION),
        ),
    )  # fmt: skip
    flesh = replace(
        group, tracking_identifier=names[1], site=codes.VERTEBRAE["L3"], region=rectangle(4, 14, 12, 20, uid(4)),
        further_regions=(rectangle(14, 14, 25, 20, uid(4)),),
        measurements=(Measurement(name=codes.AREA, value=2.8, unit=codes.SQUARE_CENTIMETRE),),
    )  # fmt: skip
    segments = (
        Segment(
            label="L1 trabecular ROI", category=codes.ANATOMICAL_STRUCTURE, kind=codes.VERTEBRAE["L1"], site=None,
            tracking_identifier=names[0], sop_instance_uids=(uid(1), uid(2), uid(3)), mask=bone,
        ),
        Segment(
            label="Skeletal muscle at L3", category=codes.TISSUE, kind=codes.SKELETAL_MUSCLE,
            site=codes.VERTEBRAE["L3"], tracking_identifier=names[1], sop_instance_uids=(uid(4),), mask=muscle,
        ),
    )  # fmt: skip
    return Findings(groups=(group, flesh), conclusion="It is so.", segments=segments)


def masked_request(**values: Any) -> ReportRequest:
    """A request over the slices; values change each header."""
    return replace(
        make_request(masked_findings()),
        sources=tuple(make_slice(k, **values) for k in range(COUNT)),
        chosen=Eligible(
            series_instance_uid=SERIES_UID, sop_instance_uids=tuple(uid(k) for k in range(COUNT)), reason="axial"
        ),
    )  # fmt: skip


def frame_of(request: ReportRequest) -> Frame:
    """As `build_report` makes it."""
    card = request.card
    subject = normalise(request.sources)
    uids = ReportUids(
        study_instance_uid=subject.study_instance_uid,
        sop_instance_uids=[source.sop_instance_uid for source in subject.sources],
        input_digest=request.input_digest, model_name=card.name, model_version=card.version,
        weights_sha256=card.weights_sha256, config_digest=request.config_digest, run=request.run,
    )  # fmt: skip
    return Frame(request=request, subject=subject, uids=uids)
