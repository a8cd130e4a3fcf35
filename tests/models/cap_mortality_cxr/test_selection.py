import pytest

from models.cap_mortality_cxr.selection import select
from screening.header import JsonValue
from tests.models.conftest import CR, MakeStudy

Values = dict[str, JsonValue]

ACCEPTED: list[Values] = [
    {},
    {"ViewPosition": "AP"},
    {"ViewPosition": ""},
    {"Modality": "CR", "SOPClassUID": CR},
    {"BodyPartExamined": "THORAX"},
    {"BodyPartExamined": "", "StudyDescription": "Chest two views"},
    {"BodyPartExamined": "", "AnatomicRegionSequence": [{"CodeMeaning": "Chest"}]},
    {"PatientAge": ""},
    {"PatientAge": "019Y"},
    {"ViewPosition": "", "SeriesDescription": "Chest PA/lat pair, PA"},
]

REFUSED: list[tuple[Values, str]] = [
    ({"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "wrong-modality"),
    ({"Modality": "CR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary-capture"),
    ({"Modality": "DX", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.2"}, "secondary-capture"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2"}, "wrong-sop-class"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}, "for-processing"),
    ({"PresentationIntentType": "FOR PROCESSING"}, "for-processing"),
    ({"BodyPartExamined": "HIP"}, "wrong-body-part"),
    ({"BodyPartExamined": "EXTREMITY", "StudyDescription": "Chest"}, "wrong-body-part"),
    ({"BodyPartExamined": ""}, "body-part-unknown"),
    ({"ViewPosition": "LL"}, "wrong-view"),
    ({"ViewPosition": "RL"}, "wrong-view"),
    ({"ViewPosition": "LLD"}, "wrong-view"),
    ({"ViewPosition": "", "SeriesDescription": "Chest lateral"}, "wrong-view"),
    ({"ViewPosition": "", "PatientOrientation": ["A", "F"]}, "wrong-view"),
    ({"PatientAge": "018Y"}, "not-adult"),
    ({"PatientAge": "006M"}, "not-adult"),
]


@pytest.mark.parametrize("values", ACCEPTED, ids=str)
def test_a_frontal_adult_chest_is_chosen(make_study: MakeStudy, values: Values) -> None:
    selection = select(make_study([values]))
    assert selection.chosen is not None
    assert selection.chosen.sop_instance_uids == ("1.2.3.1.1",)
    assert selection.rejected == ()


@pytest.mark.parametrize(("values", "code"), REFUSED, ids=str)
def test_everything_else_is_refused_with_its_reason(make_study: MakeStudy, values: Values, code: str) -> None:
    selection = select(make_study([values]))
    assert selection.chosen is None
    assert [r.code for r in selection.rejected] == [code]
    assert selection.rejected[0].sop_instance_uid is None  # the whole series
    assert selection.rejected[0].reason


def test_pa_is_preferred_to_ap_and_ap_to_an_unstated_view(make_study: MakeStudy) -> None:
    selection = select(make_study([{"ViewPosition": ""}], [{"ViewPosition": "AP"}], [{"ViewPosition": "PA"}]))
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.3"
    assert {r.series_instance_uid: r.code for r in selection.rejected} == {
        "1.2.3.1": "not-preferred",
        "1.2.3.2": "not-preferred",
    }
    assert "PA is preferred" in selection.rejected[0].reason


def test_for_presentation_is_preferred_to_for_processing(make_study: MakeStudy) -> None:
    raw: Values = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}
    selection = select(make_study([raw], [{}]))
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.2"
    assert [r.code for r in selection.rejected] == ["for-processing"]


def test_original_then_earliest_then_lowest_uid(make_study: MakeStudy) -> None:
    derived: Values = {"ImageType": ["DERIVED", "PRIMARY"]}
    selection = select(make_study([derived, {}]))
    assert selection.chosen is not None
    assert selection.chosen.sop_instance_uids == ("1.2.3.1.2",)
    assert "original" in selection.rejected[0].reason
    late: Values = {"AcquisitionDate": "20260105", "AcquisitionTime": "120000"}
    early: Values = {"AcquisitionDate": "20260105", "AcquisitionTime": "090000"}
    selection = select(make_study([late, early]))
    assert selection.chosen is not None
    assert selection.chosen.sop_instance_uids == ("1.2.3.1.2",)
    selection = select(make_study([{}, {}]))
    assert selection.chosen is not None
    assert selection.chosen.sop_instance_uids == ("1.2.3.1.1",)
    assert "UID" in selection.rejected[0].reason


def test_a_mixed_series_names_each_refused_image(make_study: MakeStudy) -> None:
    selection = select(make_study([{}, {"ViewPosition": "LL"}, {"Modality": "CT"}]))
    assert {r.sop_instance_uid: r.code for r in selection.rejected} == {
        "1.2.3.1.2": "wrong-view",
        "1.2.3.1.3": "wrong-modality",
    }


def test_every_series_not_chosen_has_a_reason(make_study: MakeStudy) -> None:
    study = make_study([{}], [{"ViewPosition": "LL"}], [{"Modality": "CT"}], [{"BodyPartExamined": "KNEE"}])
    selection = select(study)
    assert selection.chosen is not None
    named = {r.series_instance_uid for r in selection.rejected} | {selection.chosen.series_instance_uid}
    assert named == {series.series_instance_uid for series in study.series}


def test_patient_values_stay_out_of_the_reasons(make_study: MakeStudy) -> None:
    secret: Values = {"PatientName": "Doe^Jane", "PatientID": "77-secret", "PatientBirthDate": "20200101",
                      "StudyDate": "20260101", "PatientAge": ""}  # fmt: skip
    selection = select(make_study([secret]))
    assert [r.code for r in selection.rejected] == ["not-adult"]
    assert not any(word in selection.rejected[0].reason for word in ("Doe", "secret", "2020"))
