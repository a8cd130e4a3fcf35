"""The masks, read back by highdicom and judged by dciodvfy, and how the structured report points at them."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset

from dicom_node.reports.build import build_report
from dicom_node.reports.segmentation import build_segmentation, has_segmentation
from screening.reports import ObjectKind
from tests.acceptance.objects import complaints
from tests.dicom_node.reports import slices
from tests.dicom_node.reports.factories import REFUSAL, make_request
from tests.dicom_node.reports.slices import FRAME_OF_REFERENCE, frame_of, masked_request, masks, uid


def objects(**values: Any) -> dict[ObjectKind, FileDataset]:
    report = build_report(masked_request(**values))
    return {item.kind: dcmread(BytesIO(item.encoded)) for item in report.objects}


def group_items(report: Dataset, group: int, meaning: str) -> list[Dataset]:
    measured = next(i for i in report.ContentSequence
                    if i.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements")  # fmt: skip
    items = measured.ContentSequence[group].ContentSequence
    return [item for item in items if item.ConceptNameCodeSequence[0].CodeMeaning == meaning]


def test_each_mask_lies_on_its_slices() -> None:
    read = hd.seg.segread(BytesIO(build_segmentation(frame_of(masked_request())).encoded))
    found = read.get_pixels_by_source_instance([uid(k) for k in range(1, 5)])
    bone, muscle = masks()
    np.testing.assert_array_equal(found[:3, ..., 0], bone)
    np.testing.assert_array_equal(found[3:, ..., 1], muscle)
    assert not found[3, ..., 0].any()
    assert not found[:3, ..., 1].any()
    assert read.NumberOfFrames == 4  # one for each slice that shows something


def test_frames_that_would_end_within_a_byte_have_a_byte_for_each_voxel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(slices, "ROWS", 23)
    monkeypatch.setattr(slices, "COLUMNS", 31)
    made = objects()
    masks_of = made[ObjectKind.SEG]
    assert (masks_of.SegmentationType, masks_of.SegmentationFractionalType) == ("FRACTIONAL", "OCCUPANCY")
    assert (masks_of.BitsAllocated, masks_of.MaximumFractionalValue) == (8, 1)
    first = masks_of.pixel_array[0]
    np.testing.assert_array_equal(first, slices.masks()[0][0])
    assert [complaints(item, tmp_path) for item in made.values()] == [[], [], []]


def test_segments_are_coded_and_say_who_made_them() -> None:
    made = objects()[ObjectKind.SEG]
    first, second = made.SegmentSequence
    assert (first.SegmentLabel, second.SegmentLabel) == ("L1 trabecular ROI", "Skeletal muscle at L3")
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeValue == "66794005"
    assert second.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning == "Tissue"
    assert second.AnatomicRegionSequence[0].CodeMeaning == "L3 vertebra"
    assert first.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "cap_mortality_cxr"
    assert (made.SegmentationType, made.Modality, made.SeriesNumber) == ("BINARY", "SEG", 9012)
    assert made.FrameOfReferenceUID == FRAME_OF_REFERENCE
    assert made.Manufacturer == "Opportune"


def test_the_report_tracks_the_masks_by_the_same_uids() -> None:
    made = objects()
    for number, segment in enumerate(made[ObjectKind.SEG].SegmentSequence):
        (tracking,) = group_items(made[ObjectKind.SR], number, "Tracking Unique Identifier")
        (name,) = group_items(made[ObjectKind.SR], number, "Tracking Identifier")
        assert (segment.TrackingUID, segment.TrackingID) == (tracking.UID, name.TextValue)


def test_the_masks_are_evidence_of_the_report() -> None:
    made = objects()
    (study,) = made[ObjectKind.SR].CurrentRequestedProcedureEvidenceSequence
    by_series = {series.SeriesInstanceUID: series.ReferencedSOPSequence for series in study.ReferencedSeriesSequence}
    masks_of = made[ObjectKind.SEG]
    (reference,) = by_series[masks_of.SeriesInstanceUID]
    assert reference.ReferencedSOPInstanceUID == masks_of.SOPInstanceUID
    assert reference.ReferencedSOPClassUID == masks_of.SOPClassUID


def test_a_derived_value_says_how_and_several_regions_are_a_volume() -> None:
    report = objects()[ObjectKind.SR]
    values = group_items(report, 0, "Attenuation Coefficient")
    assert [v.ContentSequence[0].ConceptCodeSequence[0].CodeMeaning for v in values] == ["Mean", "Standard Deviation"]
    assert len(group_items(report, 1, "Image Region")) == 2
    measured = next(i for i in report.ContentSequence
                    if i.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements")  # fmt: skip
    templates = [g.ContentTemplateSequence[0].TemplateIdentifier for g in measured.ContentSequence]
    assert templates == ["1410", "1411"]


@pytest.mark.parametrize(
    "values",
    [{}, {"SliceThickness": None}, {"PatientName": "M\xfcller^J\xf6rg"}, {"StudyID": None, "AccessionNumber": None},
     {"PatientSex": "X", "PatientBirthDate": None, "StudyTime": ""}],
    ids=str,
)  # fmt: skip
def test_the_validators_find_no_error(values: dict[str, Any], tmp_path: Path) -> None:
    made = objects(**values)
    assert [complaints(item, tmp_path) for item in made.values()] == [[], [], []]
    assert made[ObjectKind.SEG].PatientName == made[ObjectKind.SR].PatientName


@pytest.mark.parametrize("values", [{"FrameOfReferenceUID": None}, {"PixelSpacing": None}], ids=str)
def test_slices_that_lie_nowhere_get_no_masks_and_the_report_names_none(values: dict[str, Any]) -> None:
    made = objects(**values)
    assert ObjectKind.SEG not in made
    (study,) = made[ObjectKind.SR].CurrentRequestedProcedureEvidenceSequence
    assert len(study.ReferencedSeriesSequence) == 1


def test_without_masks_there_is_nothing_to_build() -> None:
    for request in (make_request(), make_request(REFUSAL)):
        frame = frame_of(request)
        assert not has_segmentation(frame)
        with pytest.raises(ValueError, match="outcome must have segments"):
            build_segmentation(frame)


def test_two_processes_write_the_same_bytes() -> None:
    script = (
        "import hashlib; from dicom_node.reports.segmentation import build_segmentation as b;"
        "from tests.dicom_node.reports.slices import frame_of as f, masked_request as r;"
        "print(hashlib.sha256(b(f(r())).encoded).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    here = build_segmentation(frame_of(masked_request())).encoded
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_other_settings_are_another_object() -> None:
    first = build_segmentation(frame_of(masked_request()))
    second = build_segmentation(frame_of(replace(masked_request(), config_digest="3" * 64)))
    assert first.sop_instance_uid != second.sop_instance_uid
