import pytest

from models.pediatric_age_cxr.majority import KEYWORDS, asked_by, asked_by_context, asks, of_age
from screening.codes import CodedName
from screening.header import Header
from screening.types import ClinicalContext

ASKED = [
    "Age assessment", "AGE ESTIMATION", "forensic age-estimation", "Altersschätzung", "Altersschaetzung",
    "Altersschatzung", "Thorax zur Altersbestimmung", "Altersfeststellung UMA", "Bestimmung des Alters",
    "assessment of the patient's age", "determine legal age", "Majority?", "Frage: volljährig", "Volljährigkeit",
    "verification of chronological age", "over 18?", "18 years or older", "unaccompanied minor",
    "rechtsmedizinische Frage", "medico-legal", "estimation de l'âge", "determinación de la edad", "maggiore età",
    "bone age assessment", "Altersgutachten",
]  # fmt: skip

NOT_ASKED = [
    "", "Chest, pneumonia", "Cough since 3 days, 5 years of age", "Thorax pa/seitlich", "Gestational age estimated",
    "Patient aged 17", "alter Infarkt", "Thorax im Stehen, altersentsprechend", "Image manager", "over 18 kg",
    "fever over 18 days", "Average estimate", "Minderjährig, Begleitung Mutter", "drainage assessed",
]  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_words_that_ask_for_an_age_are_known(text: str) -> None:
    assert asks([text])


@pytest.mark.parametrize("text", NOT_ASKED)
def test_other_words_are_left_alone(text: str) -> None:
    assert not asks([text])


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_place_of_a_header_is_looked_at(keyword: str) -> None:
    assert asked_by(Header({keyword: ["Chest", "99X:AGE Age assessment"]}))
    assert not asked_by(Header({keyword: "Chest"}))


def test_what_a_site_told_counts_too() -> None:
    told = CodedName(value="1", scheme="99X", meaning="Forensic age assessment")
    assert asked_by_context(ClinicalContext(diagnoses=(told,)))
    assert not asked_by_context(ClinicalContext())


def test_a_birthday_counts_in_full_although_its_days_may_fall_short() -> None:
    assert of_age(6574 / 365.2425)  # 18 years with 4 leap days, as 2005-03-01 to 2023-03-01
    assert of_age(18.0)
    assert not of_age(6570 / 365.2425)
