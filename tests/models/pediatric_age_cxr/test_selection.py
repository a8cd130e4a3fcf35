import pytest

from models.pediatric_age_cxr.selection import select
from screening.header import JsonValue
from tests.models.conftest import CR, MakeStudy

Values = dict[str, JsonValue]
CHILD: Values = {"PatientAge": "007Y"}

ACCEPTED: list[Values] = [
    {},
    {"ViewPosition": "AP"},
    {"ViewPosition": ""},
    {"Modality": "CR", "SOPClassUID": CR},
    {"PatientAge": "003D"},
    {"PatientAge": "017Y"},
    {"PatientAge": ""},
    {"PatientAge": "", "PatientBirthDate": "20200229", "AcquisitionDate": "20260301"},
    {"StudyDescription": "Chest, cough"},
]

REFUSED: list[tuple[Values, str]] = [
    ({"PatientAge": "018Y"}, "not-a-child"),
    ({"PatientAge": "067Y"}, "not-a-child"),
    ({"PatientAge": "017Y", "PatientBirthDate": "20050301", "AcquisitionDate": "20230301"}, "not-a-child"),
    ({"StudyDescription": "Chest for age assessment"}, "age-assessment"),
    ({"SeriesDescription": "Thorax Altersschätzung"}, "age-assessment"),
    ({"ReasonForTheRequestedProcedure": "Volljährigkeit?"}, "age-assessment"),
    ({"RequestedProcedureCodeSequence": ["99KIS:4711 Age estimation"]}, "age-assessment"),
    ({"PatientAge": "", "RequestedProcedureDescription": "majority"}, "age-assessment"),
    ({"ViewPosition": "LL"}, "wrong-view"),
    ({"BodyPartExamined": "HAND"}, "wrong-body-part"),
    ({"BodyPartExamined": "", "SeriesDescription": "PA"}, "body-part-unknown"),
    ({"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "wrong-modality"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary-capture"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}, "for-processing"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2"}, "wrong-sop-class"),
]  # fmt: skip


@pytest.mark.parametrize("values", ACCEPTED, ids=str)
def test_a_frontal_chest_of_a_child_is_chosen(make_study: MakeStudy, values: Values) -> None:
    selection = select(make_study([CHILD | values]))
    assert selection.chosen is not None
    assert selection.chosen.sop_instance_uids == ("1.2.3.1.1",)
    assert selection.rejected == ()


@pytest.mark.parametrize(("values", "code"), REFUSED, ids=str)
def test_everything_else_is_refused_with_its_reason(make_study: MakeStudy, values: Values, code: str) -> None:
    selection = select(make_study([CHILD | values]))
    assert selection.chosen is None
    assert [(row.code, row.sop_instance_uid) for row in selection.rejected] == [(code, None)]
    assert selection.rejected[0].reason


def test_what_one_series_says_of_the_request_holds_for_the_study(make_study: MakeStudy) -> None:
    hand = CHILD | {"BodyPartExamined": "HAND", "StudyDescription": "Alter, Handskelett: Altersbestimmung"}
    selection = select(make_study([CHILD], [hand]))
    assert selection.chosen is None
    assert [row.code for row in selection.rejected] == ["age-assessment", "wrong-body-part"]


def test_every_series_not_chosen_has_a_reason(make_study: MakeStudy) -> None:
    study = make_study([CHILD], [CHILD | {"ViewPosition": "AP"}], [CHILD | {"ViewPosition": "LL"}])
    selection = select(study)
    assert selection.chosen is not None
    assert [row.code for row in selection.rejected] == ["not-preferred", "wrong-view"]


def test_patient_values_stay_out_of_the_reasons(make_study: MakeStudy) -> None:
    secret: Values = {"PatientName": "Doe^Jane", "PatientBirthDate": "19800101", "StudyDate": "20260101",
                      "ReasonForStudy": "Doe: age assessment"}  # fmt: skip
    for values in (secret, secret | {"ReasonForStudy": ""}):
        (row,) = select(make_study([values])).rejected
        assert not any(word in row.reason for word in ("Doe", "1980", "46"))
