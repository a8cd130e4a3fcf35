"""The result in words: nothing of the structured report is lost, and it needs no viewer of TID 1500."""

from dataclasses import replace
from pathlib import Path

import pytest

from dicom_node.reports.request import Predecessor
from screening.findings import Findings, NotEvaluable
from screening.reports import ObjectKind
from tests.dicom_node.reports.factories import CARD, REFUSAL, SOP_UID, STUDY_UID, make_findings, make_request
from tests.dicom_node.reports.forms import form, texts
from tests.dicom_node.reports.slices import masked_request
from tests.dicom_node.reports.validators import check_document, check_with_dciodvfy

KIND = ObjectKind.TEXT_SR
BASIC_TEXT, COMPREHENSIVE_3D = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.88.34"


def test_every_value_is_a_line_with_its_place_and_interval() -> None:
    made = form(make_request(), KIND)
    assert (made.SOPClassUID, made.Modality, made.SeriesNumber) == (BASIC_TEXT, "SR", 9015)
    assert texts(made, "Finding") == [
        "Chest radiograph - analysed area: 30-day all-cause mortality probability: 34.2 % (interval 28.2 to 41.2 %)",
        "Chest radiograph - analysed area: Risk stratum (site-configured thresholds): High",
        "Heatmap hot spot 1: Fraction of total heatmap activation in region: 41.2 %",
    ]
    assert texts(made, "Conclusion") == [make_findings().conclusion]
    assert {CARD.banner, *CARD.limits, *make_findings().notes} <= set(texts(made, "Comment"))
    assert texts(made, "Algorithm Name") == ["cap_mortality_cxr 0.1.0, weights ab12cd34ab12, evidence: simulation"]


def test_it_is_no_imaging_measurement_report_and_nothing_but_text_code_and_images() -> None:
    made = form(make_request(), KIND)
    title = made.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("TEXTRESULT", "99OPPORTUNE")
    assert "ContentTemplateSequence" not in made
    assert {item.ValueType for item in made.ContentSequence} == {"CODE", "UIDREF", "TEXT", "IMAGE"}
    assert (made.CompletionFlag, made.VerificationFlag) == ("COMPLETE", "UNVERIFIED")


def test_a_place_without_a_value_is_told_too() -> None:
    findings = make_findings()
    marked = replace(findings.groups[1], measurements=())
    made = form(make_request(replace(findings, groups=(findings.groups[0], marked))), KIND)
    assert texts(made, "Finding")[-1] == "Heatmap hot spot 1: Class activation"


def test_a_refusal_says_why_with_its_code_and_what_is_needed() -> None:
    made = form(make_request(REFUSAL), KIND)
    assert texts(made, "Conclusion") == [f"Not evaluable: {REFUSAL.reason}"]
    assert texts(made, "Reason code") == ["age-unknown"]
    assert texts(made, "Finding") == []
    said = texts(made, "Comment")
    assert "No value was computed. That says nothing about the patient's risk." in said
    assert f"What this model is for: {CARD.intended_use}" in said


def test_it_refers_to_the_images_of_its_values_and_to_every_source() -> None:
    made = form(masked_request(), KIND)
    shown = [
        i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in made.ContentSequence if i.ValueType == "IMAGE"
    ]
    outcome = masked_request().outcome
    assert isinstance(outcome, Findings)
    assert shown == list(dict.fromkeys(r.sop_instance_uid for g in outcome.groups for r in g.regions))
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    assert len(study.ReferencedSeriesSequence[0].ReferencedSOPSequence) == 6


def test_it_replaces_the_text_of_before_and_not_the_measurements() -> None:
    before = [
        Predecessor(study_instance_uid=STUDY_UID, series_instance_uid=f"1.2.{n}", sop_instance_uid=f"1.3.{n}",
                    sop_class_uid=sop_class)
        for n, sop_class in enumerate((COMPREHENSIVE_3D, BASIC_TEXT))
    ]  # fmt: skip
    request = replace(make_request(), predecessors=tuple(before))
    for kind, uid in ((KIND, "1.3.1"), (ObjectKind.SR, "1.3.0")):
        (study,) = form(request, kind).PredecessorDocumentsSequence
        (series,) = study.ReferencedSeriesSequence
        assert [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence] == [uid]


@pytest.mark.validators
@pytest.mark.parametrize("outcome", [make_findings(), REFUSAL, NotEvaluable(code="x", reason="y & <z>",
                                                                           sop_instance_uid=SOP_UID)])  # fmt: skip
def test_the_validators_find_no_error(outcome: Findings | NotEvaluable, tmp_path: Path) -> None:
    path = tmp_path / "text.dcm"
    form(make_request(outcome), KIND).save_as(path, enforce_file_format=True)
    check_with_dciodvfy(path)
    check_document(path, CARD.banner)
