"""What the documents share."""

from dataclasses import replace

from pydicom.dataset import Dataset

from dicom_node.reports import document
from dicom_node.reports.wording import NO_VALUE
from tests.dicom_node.reports.factories import CARD, REFUSAL, SERIES_UID, SOP_UID, STUDY_UID, make_request, make_source
from tests.dicom_node.reports.slices import frame_of


def words(items: object) -> list[tuple[str, str]]:
    return [(item.ConceptNameCodeSequence[0].CodeMeaning, item.TextValue) for item in items]  # type: ignore[attr-defined]


def test_a_refusal_says_the_reason_its_code_and_what_is_needed() -> None:
    frame = frame_of(make_request(REFUSAL))
    assert words(document.conclusion(frame)) == [
        ("Conclusion", f"Not evaluable: {REFUSAL.reason}"), ("Reason code", "age-unknown"),
    ]  # fmt: skip
    assert [text for _, text in words(document.comments(frame))] == [
        CARD.banner, NO_VALUE, f"What this model is for: {CARD.intended_use}", *CARD.limits,
        "Image chosen: frontal view",
    ]  # fmt: skip


def test_a_result_says_its_conclusion_and_reserve() -> None:
    frame = frame_of(make_request())
    ((name, _),) = words(document.conclusion(frame))
    assert name == "Conclusion"
    said = [text for _, text in words(document.comments(frame))]
    assert said[0] == CARD.banner
    assert NO_VALUE not in said
    assert any(text.startswith("Distance from the training images: 0.42") for text in said)


def test_evidence_is_gathered_by_series() -> None:
    frame, dataset = frame_of(make_request()), Dataset()
    other = Dataset()
    document.refer(dataset, frame, [*document.sources(frame), ("1.2.9", other), ("1.2.9", other)])
    (study,) = dataset.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == STUDY_UID
    series = {item.SeriesInstanceUID: len(item.ReferencedSOPSequence) for item in study.ReferencedSeriesSequence}
    assert series == {SERIES_UID: 1, "1.2.9": 2}
    assert document.sources(frame)[0][1].ReferencedSOPInstanceUID == SOP_UID
    assert "ReferencedRequestSequence" not in dataset


def test_a_source_that_codes_no_procedure_has_that_of_its_modality() -> None:
    for modality, value in (("CT", "25045-6"), ("DX", "43468-8")):
        item = document.procedure(frame_of(make_request(source=make_source(Modality=modality))))
        assert item.ConceptCodeSequence[0].CodeValue == value


def test_a_document_without_a_predecessor_names_none() -> None:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.34"
    document.complete(dataset, frame_of(replace(make_request(), predecessors=())))
    assert "PredecessorDocumentsSequence" not in dataset
    assert dataset.VerificationFlag == "UNVERIFIED"
