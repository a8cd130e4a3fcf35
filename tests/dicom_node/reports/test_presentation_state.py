"""The marks as a presentation state: where they lie, how they are tracked, and that the image looks as before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicom_node.reports.presentation_state import build_presentation_state
from screening.codes import CHEST, CodedName
from screening.findings import Findings, MeasurementGroup, Region
from screening.reports import ObjectKind
from tests.dicom_node.reports.factories import (
    CARD,
    COLUMNS,
    REFUSAL,
    ROWS,
    SOP_UID,
    make_findings,
    make_request,
    make_source,
)
from tests.dicom_node.reports.forms import form
from tests.dicom_node.reports.slices import frame_of, make_slice, masked_findings, masked_request, uid
from tests.dicom_node.reports.validators import check_presentation, check_with_dciodvfy

KIND = ObjectKind.GSPS
CT = {"RescaleIntercept": "-1024", "RescaleSlope": "1", "WindowCenter": ["40", "400"], "WindowWidth": ["400", "2000"]}


def with_point(x: float, y: float) -> Findings:
    findings = make_findings()
    point = MeasurementGroup(
        tracking_identifier="L1 vertebral body centre", finding=CHEST, site=CHEST,
        region=Region(graphic_type="POINT", points=((x, y),), sop_instance_uid=SOP_UID),
    )  # fmt: skip
    return replace(findings, groups=(*findings.groups, point))


def tracked(report: Dataset) -> list[tuple[str, str]]:
    """Tracking identifier and UID of each measurement group of the structured report."""
    measured = next(
        item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
    )
    return [(group.ContentSequence[0].TextValue, group.ContentSequence[1].UID) for group in measured.ContentSequence]


def test_each_region_is_drawn_and_tracked_as_in_the_structured_report() -> None:
    request = make_request()
    made = form(request, KIND)
    (annotation,) = made.GraphicAnnotationSequence
    graphics = annotation.GraphicObjectSequence
    assert [(item.TrackingID, item.TrackingUID) for item in graphics] == tracked(form(request, ObjectKind.SR))
    for graphic, group in zip(graphics, make_findings().groups, strict=True):
        assert (graphic.GraphicType, graphic.GraphicFilled) == ("POLYLINE", "N")
        expected = [value for point in group.region.points for value in point]
        assert list(graphic.GraphicData) == pytest.approx(expected, abs=1e-3)
    banner, *labels = annotation.TextObjectSequence
    assert banner.UnformattedTextValue == CARD.banner
    assert [item.UnformattedTextValue for item in labels] == [
        "Chest radiograph - analysed area (AI)", "Heatmap hot spot 1 (AI)",
    ]  # fmt: skip
    assert [item.TrackingUID for item in labels] == [item.TrackingUID for item in graphics]


def test_it_stands_where_the_table_of_series_says() -> None:
    made = form(make_request(), KIND)
    assert (made.Modality, made.SeriesNumber, made.ContentLabel) == ("PR", 9013, "AI_MARKS")
    assert made.SeriesDescription.endswith("overlay (research)")
    assert "ContentDate" not in made
    assert "ContentTime" not in made
    assert (made.PresentationCreationDate, made.PresentationCreationTime) == ("20261121", "140300")


def test_a_point_is_a_ring_round_its_exact_place_with_its_short_name() -> None:
    made = form(make_request(with_point(130.25, 100.5)), KIND)
    ring = made.GraphicAnnotationSequence[0].GraphicObjectSequence[-1]
    assert (ring.GraphicType, ring.NumberOfGraphicPoints) == ("CIRCLE", 2)
    assert list(ring.GraphicData[:2]) == [130.25, 100.5]
    *_, outline, name = made.GraphicAnnotationSequence[0].TextObjectSequence
    assert name.UnformattedTextValue == "L1 (AI)"
    assert (name.AnchorPointVisibility, outline.AnchorPointVisibility) == ("Y", "N")  # a line from name to ring
    assert name.AnchorPoint == list(ring.GraphicData[2:])


def test_what_reaches_beyond_the_image_is_drawn_at_its_edge() -> None:
    made = form(make_request(with_point(COLUMNS + 40.0, -3.0)), KIND)
    ring = made.GraphicAnnotationSequence[0].GraphicObjectSequence[-1]
    assert list(ring.GraphicData[:2]) == [float(COLUMNS), 0.0]


def test_one_region_of_two_groups_is_drawn_once_with_the_first() -> None:
    findings = make_findings()
    again = replace(findings.groups[0], tracking_identifier="Chest radiograph with CURB-65")
    made = form(make_request(replace(findings, groups=(*findings.groups, again))), KIND)
    names = [item.TrackingID for item in made.GraphicAnnotationSequence[0].GraphicObjectSequence]
    assert names == ["Chest radiograph - analysed area", "Heatmap hot spot 1"]


def test_the_image_keeps_rescale_window_and_polarity() -> None:
    made = form(masked_request(**CT), KIND)
    assert (made.RescaleIntercept, made.RescaleSlope, made.RescaleType) == (-1024, 1, "HU")
    assert {(item.WindowCenter, item.WindowWidth) for item in made.SoftcopyVOILUTSequence} == {(40, 400)}
    assert made.PresentationLUTShape == "IDENTITY"
    dark = form(make_request(source=make_source(PhotometricInterpretation="MONOCHROME1")), KIND)
    assert dark.PresentationLUTShape == "INVERSE"
    assert "SoftcopyVOILUTSequence" not in dark
    assert "RescaleSlope" not in dark


def test_a_slice_is_shown_in_the_window_of_the_overlay() -> None:
    request = replace(masked_request(**CT), outcome=replace(masked_findings(), window=(-160.0, 240.0)))
    items = form(request, KIND).SoftcopyVOILUTSequence
    assert {(item.WindowCenter, item.WindowWidth) for item in items} == {(40, 400)}


def test_each_slice_has_its_own_marks() -> None:
    made = form(masked_request(**CT), KIND)
    by_image = {
        item.ReferencedImageSequence[0].ReferencedSOPInstanceUID: len(item.GraphicObjectSequence)
        for item in made.GraphicAnnotationSequence
    }
    assert by_image == {uid(2): 1, uid(4): 2}
    assert [item.ReferencedSOPInstanceUID for item in made.ReferencedSeriesSequence[0].ReferencedImageSequence] == [
        uid(2), uid(4),
    ]  # fmt: skip


def test_a_slice_of_another_rescale_is_left_out() -> None:
    request = masked_request(**CT)
    sources = list(request.sources)
    sources[4] = make_slice(4, **(CT | {"RescaleSlope": "2"}))
    made = form(replace(request, sources=tuple(sources)), KIND)
    assert [item.ReferencedSOPInstanceUID for item in made.ReferencedSeriesSequence[0].ReferencedImageSequence] == [
        uid(2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "keyword", "expected"),
    [({}, "PresentationPixelSpacing", [0.15, 0.15]),
     ({"PixelSpacing": ["0.2", "0.1"]}, "PresentationPixelSpacing", [0.2, 0.1]),
     ({"ImagerPixelSpacing": None}, "PresentationPixelAspectRatio", [1, 1]),
     ({"PixelSpacing": ["0", "0"], "ImagerPixelSpacing": None}, "PresentationPixelAspectRatio", [1, 1])],
)  # fmt: skip
def test_the_whole_image_is_displayed_in_its_shape(values: dict[str, Any], keyword: str, expected: list[float]) -> None:
    (area,) = form(make_request(source=make_source(**values)), KIND).DisplayedAreaSelectionSequence
    assert list(area.DisplayedAreaTopLeftHandCorner) == [1, 1]
    assert list(area.DisplayedAreaBottomRightHandCorner) == [COLUMNS, ROWS]
    assert list(area[keyword].value) == expected


def test_a_refusal_has_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="outcome must be findings"):
        build_presentation_state(frame_of(make_request(REFUSAL)))


def _elsewhere() -> Findings:
    findings = make_findings()
    hand = CodedName(value="85562004", scheme="SCT", meaning="Hand")
    return replace(findings, groups=(replace(findings.groups[0], site=hand), findings.groups[1]))


def test_a_part_that_is_not_known_to_be_unpaired_has_its_side_or_an_empty_one() -> None:
    assert form(make_request(), KIND).BodyPartExamined == "CHEST"
    assert form(make_request(_elsewhere(), make_source(Laterality="L")), KIND).Laterality == "L"
    assert form(make_request(_elsewhere()), KIND).Laterality == ""


@pytest.mark.validators
@pytest.mark.parametrize(
    "request_",
    [make_request(), make_request(with_point(20, 20)), masked_request(**CT), masked_request(),
     make_request(source=make_source(PhotometricInterpretation="MONOCHROME1", ImagerPixelSpacing=None)),
     make_request(source=make_source(RescaleIntercept="0", RescaleSlope="1", RescaleType="US", WindowCenter="2000",
                                     WindowWidth="4000")),
     make_request(_elsewhere(), make_source(Laterality="L"))],
    ids=["radiograph", "point", "ct", "ct without rescale", "monochrome1", "window", "left side"],
)  # fmt: skip
def test_the_validators_find_no_error(request_: object, tmp_path: Path) -> None:
    path = tmp_path / "marks.dcm"
    form(request_, KIND).save_as(path, enforce_file_format=True)  # type: ignore[arg-type]
    check_with_dciodvfy(path)
    check_presentation(path)
