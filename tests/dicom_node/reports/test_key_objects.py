"""Key objects: the image and our pictures, under a title that no person's flag has."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from dicom_node.reports.key_objects import build_key_objects
from screening.reports import ObjectKind
from tests.dicom_node.reports.factories import CARD, REFUSAL, SOP_UID, make_findings, make_picture, make_request
from tests.dicom_node.reports.forms import form, texts, with_forms
from tests.dicom_node.reports.slices import frame_of, masked_request, uid
from tests.dicom_node.reports.validators import check_document, check_with_dciodvfy

KIND = ObjectKind.KOS


def shown(made: Dataset) -> list[str]:
    return [i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in made.ContentSequence if i.ValueType == "IMAGE"]


def test_it_points_at_the_image_and_at_our_pictures() -> None:
    request = make_request(picture=make_picture())
    made, report = form(request, KIND), with_forms(request)
    assert shown(made) == [SOP_UID, *(item.sop_instance_uid for item in report.objects if item.kind is ObjectKind.SC)]
    assert len(shown(made)) == 3
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    listed = [i.ReferencedSOPInstanceUID for s in study.ReferencedSeriesSequence for i in s.ReferencedSOPSequence]
    assert sorted(listed) == sorted(shown(made))
    assert len(study.ReferencedSeriesSequence) == 2


def test_without_an_overlay_it_points_at_the_slice_of_the_headline_and_the_card() -> None:
    made = form(masked_request(), KIND)
    assert shown(made)[0] == uid(2)
    assert len(shown(made)) == 2


def test_its_title_is_for_research_and_its_words_say_unverified() -> None:
    made = form(make_request(), KIND)
    assert (made.ConceptNameCodeSequence[0].CodeValue, made.Modality, made.SeriesNumber) == ("113009", "KO", 9014)
    (words,) = texts(made, "Key Object Description")
    assert words == f"AI-selected, unverified. {CARD.banner}. {make_findings().conclusion}"


def test_a_refusal_has_nothing_to_look_at() -> None:
    assert [item.kind for item in with_forms(make_request(REFUSAL)).objects] == [
        ObjectKind.SC, ObjectKind.SR, ObjectKind.TEXT_SR,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="outcome must be findings"):
        build_key_objects(frame_of(make_request(REFUSAL)), [])


@pytest.mark.validators
@pytest.mark.parametrize("request_", [make_request(picture=make_picture()), masked_request()], ids=["radiograph", "ct"])
def test_the_validators_find_no_error(request_: object, tmp_path: Path) -> None:
    path = tmp_path / "key.dcm"
    form(request_, KIND).save_as(path, enforce_file_format=True)  # type: ignore[arg-type]
    check_with_dciodvfy(path)
    check_document(path, "For Research", "unverified")
