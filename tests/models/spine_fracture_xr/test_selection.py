import pytest

from models.spine_fracture_xr.selection import age_objection, select
from screening.header import JsonValue
from tests.models.conftest import CR, MakeStudy

Values = dict[str, JsonValue]
SPINE: Values = {"BodyPartExamined": "LSPINE", "ViewPosition": "LL", "PatientAge": "061Y"}
UNSTATED: Values = {"ViewPosition": ""}

ACCEPTED: list[Values] = [
    {},
    {"ViewPosition": "RL"},
    {"ViewPosition": "LATERAL"},
    {"Modality": "CR", "SOPClassUID": CR},
    {"BodyPartExamined": "TLSPINE"},
    {"BodyPartExamined": "L-SPINE"},
    {"BodyPartExamined": "SPINE"},
    {"BodyPartExamined": "", "SeriesDescription": "LWS seitlich"},
    {"BodyPartExamined": "", "StudyDescription": "Lumbar spine 2 views"},
    {"BodyPartExamined": "", "AnatomicRegionSequence": ["SCT:122496007 Lumbar spine"]},
    UNSTATED,
    UNSTATED | {"PatientOrientation": ["A", "F"]},
    UNSTATED | {"SeriesDescription": "L-spine lateral"},
    UNSTATED | {"ViewCodeSequence": ["SCT:399173006 left lateral"]},
    UNSTATED | {"SeriesDescription": "LWS a.p. ap + lat"},  # two views under one name: left to the pixels
    {"SeriesDescription": "Lumbar spine L1 L5 S1 lat, external referral"},
    {"PatientAge": "050Y"},
    {"PatientAge": "075Y"},
    {"PatientAge": ""},
]
REFUSED: list[tuple[Values, str]] = [
    ({"ViewPosition": "AP"}, "wrong-view"),
    ({"ViewPosition": "LLO"}, "wrong-view"),
    (UNSTATED | {"PatientOrientation": ["L", "F"]}, "wrong-view"),
    (UNSTATED | {"SeriesDescription": "Lumbar spine AP"}, "wrong-view"),
    (UNSTATED | {"SeriesDescription": "LWS obl lat"}, "wrong-view"),
    (UNSTATED | {"ViewCodeSequence": ["SCT:399348003 postero-anterior"]}, "wrong-view"),
    ({"SeriesDescription": "Lumbar flexion"}, "not-neutral"),
    ({"SeriesDescription": "LAT EXT"}, "not-neutral"),
    ({"ProtocolName": "LWS Funktionsaufnahme Inklination"}, "not-neutral"),
    ({"SeriesDescription": "L-spine bending left"}, "not-neutral"),
    ({"ImageComments": "maximal extension"}, "not-neutral"),
    ({"SeriesDescription": "L5-S1 lateral"}, "spot-view"),
    ({"SeriesDescription": "Lumbar coned"}, "spot-view"),
    ({"BodyPartExamined": "CHEST"}, "wrong-body-part"),
    ({"BodyPartExamined": "CSPINE"}, "wrong-body-part"),
    ({"BodyPartExamined": "HIP"}, "wrong-body-part"),
    ({"BodyPartExamined": "SPINE", "SeriesDescription": "Thoracic spine lat"}, "wrong-body-part"),
    ({"BodyPartExamined": "", "SeriesDescription": "Hip lat", "StudyDescription": "Lumbar spine"}, "wrong-body-part"),
    ({"BodyPartExamined": "", "SeriesDescription": "lat"}, "body-part-unknown"),
    ({"PatientAge": "049Y"}, "age-not-validated"),
    ({"PatientAge": "076Y"}, "age-not-validated"),
    ({"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "wrong-modality"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary-capture"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}, "for-processing"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2"}, "wrong-sop-class"),
]


@pytest.mark.parametrize("values", ACCEPTED, ids=str)
def test_a_lateral_lumbar_radiograph_is_chosen(make_study: MakeStudy, values: Values) -> None:
    selection = select(make_study([SPINE | values]))
    assert selection.chosen is not None, selection.rejected
    assert selection.chosen.sop_instance_uids == ("1.2.3.1.1",)
    assert selection.rejected == ()


@pytest.mark.parametrize(("values", "code"), REFUSED, ids=str)
def test_everything_else_is_refused_with_its_reason(make_study: MakeStudy, values: Values, code: str) -> None:
    selection = select(make_study([SPINE | values]))
    assert selection.chosen is None
    assert [(row.code, row.sop_instance_uid) for row in selection.rejected] == [(code, None)]
    assert selection.rejected[0].reason


def test_the_stated_neutral_view_is_taken_and_each_other_has_its_reason(make_study: MakeStudy) -> None:
    study = make_study(
        [SPINE | {"ViewPosition": "AP"}], [SPINE | UNSTATED], [SPINE], [SPINE | {"SeriesDescription": "lat flexion"}],
        [SPINE | {"ImageType": ["DERIVED", "PRIMARY"]}],
    )  # fmt: skip
    selection = select(study)
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.3"
    assert selection.chosen.reason == "lateral lumbar radiograph: ViewPosition LL"
    assert [(row.code, row.series_instance_uid) for row in selection.rejected] == [
        ("wrong-view", "1.2.3.1"), ("not-preferred", "1.2.3.2"),
        ("not-neutral", "1.2.3.4"), ("not-preferred", "1.2.3.5"),
    ]  # fmt: skip
    assert "a stated view is preferred to none" in selection.rejected[1].reason
    assert "original" in selection.rejected[3].reason


def test_how_the_view_is_known_is_said(make_study: MakeStudy) -> None:
    chosen = select(make_study([SPINE | UNSTATED | {"PatientOrientation": ["P", "F"]}])).chosen
    assert chosen is not None
    assert chosen.reason == "lateral lumbar radiograph: view LATERAL by orientation or description"


def test_a_frontal_chest_is_nothing_for_it(make_study: MakeStudy) -> None:
    assert [row.code for row in select(make_study([{}])).rejected] == ["wrong-body-part"]


@pytest.mark.parametrize(
    ("age", "refused"), [(49.99, True), (50.0, False), (75.99, False), (76.0, True), (None, False)]
)
def test_completed_years_count(age: float | None, refused: bool) -> None:
    assert (age_objection(age) is not None) == refused


def test_patient_values_stay_out_of_the_reasons(make_study: MakeStudy) -> None:
    secret: Values = {"PatientName": "Doe^Jane", "PatientBirthDate": "19400101", "StudyDate": "20260101"}
    (row,) = select(make_study([SPINE | secret])).rejected
    assert row.code == "age-not-validated"
    assert not any(word in row.reason for word in ("Doe", "1940"))
