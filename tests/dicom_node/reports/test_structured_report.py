"""The structured report, read back by highdicom, which had no part in writing it."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import highdicom as hd
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_node.reports.build import build_report
from dicom_node.reports.frame import MODEL_NAME
from dicom_node.reports.request import ReportRequest
from screening.codes import PERCENT
from screening.findings import Findings, Measurement, Outcome, Region
from tests.dicom_node.reports.factories import (
    CARD,
    COLUMNS,
    MORT30D,
    REFUSAL,
    ROWS,
    SERIES_UID,
    SOP_UID,
    make_findings,
    make_request,
    make_source,
)


def encoded(request: ReportRequest) -> bytes:
    return build_report(request).objects[-1].encoded


def report_of(outcome: Outcome | None = None) -> Dataset:
    return dcmread(BytesIO(encoded(make_request(outcome))))


def read_groups(request: ReportRequest) -> list[Any]:
    """What highdicom makes of it; its groups are not typed well enough for what is asked of them here."""
    content = hd.sr.srread(BytesIO(encoded(request))).content
    assert isinstance(content, hd.sr.MeasurementReport)
    return list(content.get_planar_roi_measurement_groups())


def items(parent: Dataset, meaning: str) -> list[Dataset]:
    return [
        item
        for item in parent.get("ContentSequence", [])
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeMeaning == meaning
    ]


def texts(parent: Dataset, meaning: str) -> list[str]:
    return [item.TextValue for item in items(parent, meaning)]


def groups(report: Dataset) -> list[Dataset]:
    return items(items(report, "Imaging Measurements")[0], "Measurement Group")


def test_highdicom_reads_the_values() -> None:
    found = read_groups(make_request())
    headline, hot_spot = found
    (value,) = headline.get_measurements()
    assert (value.name.value, value.name.scheme_designator) == ("MORT30D", "99OPPORTUNE")
    assert (value.value, value.unit.value) == (34.2, "%")
    assert headline.finding_type.meaning == "Pneumonia"
    assert headline.finding_sites[0].value.meaning == "Chest"
    answers = {item[0].name.value: item[0].value.meaning for item in headline.get_qualitative_evaluations()}
    assert answers["RISKSTRATUM"] == "High"
    assert headline.tracking_identifier == "Chest radiograph - analysed area"
    assert hot_spot.get_measurements()[0].value == 41.25
    assert {group.tracking_uid for group in found} == {groups(report_of())[n].ContentSequence[1].UID for n in (0, 1)}
    assert len({group.tracking_uid for group in found}) == 2
    corners = headline.roi.value.tolist()
    assert corners[0] == pytest.approx([0.1 * COLUMNS, 0.1 * ROWS])
    assert corners[0] == corners[-1]
    assert len(corners) == 9


@pytest.mark.parametrize("outcome", [make_findings(), REFUSAL], ids=["findings", "refusal"])
def test_every_group_has_one_2d_region_on_its_image(outcome: Outcome) -> None:
    found = groups(report_of(outcome))
    assert found
    for group in found:
        (region,) = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
        assert region.ConceptNameCodeSequence[0].CodeValue == "111030"
        (image,) = region.ContentSequence
        assert (image.RelationshipType, image.ValueType) == ("SELECTED FROM", "IMAGE")
        assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == SOP_UID


def test_the_interval_hangs_on_its_value() -> None:
    (number,) = items(groups(report_of())[0], MORT30D.meaning)
    bounds = {
        item.ConceptNameCodeSequence[0].CodeValue: item.MeasuredValueSequence[0].NumericValue
        for item in number.ContentSequence
    }
    assert bounds == {"INTERVALLOW": 28.2, "INTERVALHIGH": 41.2}


def test_percentages_have_two_decimals() -> None:
    findings = make_findings()
    first = replace(
        findings.groups[0], measurements=(Measurement(name=MORT30D, value=100 / 3, unit=PERCENT, horizon_days=30),)
    )
    (number,) = items(groups(report_of(replace(findings, groups=(first,))))[0], MORT30D.meaning)
    assert str(number.MeasuredValueSequence[0].NumericValue) == "33.33"


def test_the_algorithm_is_named_in_every_group() -> None:
    for group in groups(report_of()):
        assert texts(group, "Algorithm Name") == [CARD.name]
        assert texts(group, "Algorithm Version") == [CARD.version]
        assert f"weights_sha256={CARD.weights_sha256}" in texts(group, "Algorithm Parameters")
        assert f"config_digest={'2' * 64}" in texts(group, "Algorithm Parameters")


def test_conclusion_banner_notes_and_limits_are_told() -> None:
    findings = make_findings()
    (container,) = items(report_of(findings), "Qualitative Evaluations")
    assert texts(container, "Conclusion") == [findings.conclusion]
    comments = texts(container, "Comment")
    assert comments[0] == CARD.banner
    for told in (*findings.notes, *CARD.limits, "Image chosen: frontal view"):
        assert told in comments
    assert any("Distance from the training images: 0.42" in comment for comment in comments)


def test_a_refusal_says_why_and_holds_no_number() -> None:
    report = report_of(REFUSAL)
    (group,) = groups(report)
    assert items(group, "Finding")[0].ConceptCodeSequence[0].CodeValue == "NOTEVALUABLE"
    assert [item for item in group.ContentSequence if item.ValueType == "NUM"] == []
    (region,) = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
    data = list(region.GraphicData)
    assert (min(data), max(data[0::2]), max(data[1::2])) == (0, COLUMNS, ROWS)
    (container,) = items(report, "Qualitative Evaluations")
    assert texts(container, "Conclusion") == [f"Not evaluable: {REFUSAL.reason}"]
    assert texts(container, "Reason code") == ["age-unknown"]


def test_it_is_a_complete_unverified_template_1500_report() -> None:
    report = report_of()
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert report.ConceptNameCodeSequence[0].CodeValue == "126000"
    assert (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag) == (
        "COMPLETE",
        "UNVERIFIED",
        "FINAL",
    )
    assert "ImageComments" not in report
    assert items(report, "Procedure reported")[0].ConceptCodeSequence[0].CodeValue == "43468-8"
    assert items(report, "Image Library")


def test_the_library_has_what_is_pointed_at_and_the_evidence_has_everything() -> None:
    second = make_source(SOPInstanceUID="1.2.840.99999.1.2.4")
    third = make_source(SOPInstanceUID="1.2.840.99999.1.3.1", SeriesInstanceUID="1.2.840.99999.1.3")
    request = replace(make_request(), sources=(make_source(), second, third))
    report = dcmread(BytesIO(encoded(request)))
    library = items(items(report, "Image Library")[0], "Image Library Group")[0]
    shown = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in library.ContentSequence]
    assert shown == [SOP_UID]
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    evidence = {
        series.SeriesInstanceUID: [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence]
        for series in study.ReferencedSeriesSequence
    }
    assert evidence == {
        SERIES_UID: [SOP_UID, "1.2.840.99999.1.2.4"],
        "1.2.840.99999.1.3": ["1.2.840.99999.1.3.1"],
    }


def test_groups_of_one_name_are_told_apart() -> None:
    findings = make_findings()
    twice = replace(findings, groups=(*findings.groups, findings.groups[1]))
    found = read_groups(make_request(twice))
    assert len({group.tracking_uid for group in found}) == 3


def test_points_and_circles_are_written_too() -> None:
    findings = make_findings()
    for graphic_type, points in (("POINT", ((10.0, 20.0),)), ("CIRCLE", ((50.0, 60.0), (55.0, 60.0)))):
        region = Region(graphic_type=graphic_type, points=points, sop_instance_uid=SOP_UID)  # type: ignore[arg-type]
        group = replace(findings.groups[1], region=region)
        report = report_of(Findings(groups=(findings.groups[0], group), conclusion="x"))
        (written,) = [item for item in groups(report)[1].ContentSequence if item.ValueType == "SCOORD"]
        assert written.GraphicType == graphic_type
        assert list(written.GraphicData) == [value for point in points for value in point]


def test_the_observer_is_the_device_that_contributed() -> None:
    report = report_of()
    observer = items(report, "Device Observer UID")[0].UID
    assert observer == report.ContributingEquipmentSequence[0].DeviceUID
    assert texts(report, "Device Observer Model Name") == [MODEL_NAME]
