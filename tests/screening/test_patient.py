from datetime import date

import pytest

from screening.patient import examination_date, parse_date, patient_of, told_in_whole_years
from tests.screening.factories import make_header


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20240229", date(2024, 2, 29)),
        ("20230229", None),
        ("00000101", None),
        ("2024-02-29", None),
        ("2024.02.29", None),
        ("202402", None),
        ("20240229120000", None),
        ("", None),
    ],
)
def test_dates(text: str, day: date | None) -> None:
    assert parse_date(text) == day


def test_examination_date_prefers_the_acquisition() -> None:
    header = make_header(AcquisitionDate="20240101", ContentDate="20240102", StudyDate="20240103")
    assert examination_date(header) == date(2024, 1, 1)


def test_examination_date_passes_over_what_is_no_date() -> None:
    header = make_header(AcquisitionDate="unknown", ContentDate="", SeriesDate=None, StudyDate="20240103")
    assert examination_date(header) == date(2024, 1, 3)
    assert examination_date(make_header()) is None


def test_age_from_dates_goes_before_patients_age() -> None:
    patient = patient_of(make_header(PatientBirthDate="20000101", StudyDate="20200101", PatientAge="099Y"))
    assert patient.age_years == pytest.approx(20, abs=0.01)


def test_age_of_a_newborn() -> None:
    assert patient_of(make_header(PatientBirthDate="20240101", StudyDate="20240101")).age_years == 0


@pytest.mark.parametrize(
    ("text", "years"),
    [("018M", 1.5), ("052W", 52 * 7 / 365.2425), ("010D", 10 / 365.2425), ("065Y", 65), ("065y", 65), ("150Y", 150)],
)
def test_patients_age(text: str, years: float) -> None:
    assert patient_of(make_header(PatientAge=text)).age_years == pytest.approx(years)


@pytest.mark.parametrize("text", ["65Y", "065", "Y065", "0650Y", "-01Y", "151Y", "999Y", "06 Y", ""])
def test_patients_age_is_never_guessed(text: str) -> None:
    assert patient_of(make_header(PatientAge=text)).age_years is None


@pytest.mark.parametrize("born", ["20250101", "18000101", "00010101", "garbage"])
def test_impossible_birth_dates_leave_it_to_patients_age(born: str) -> None:
    header = make_header(PatientBirthDate=born, StudyDate="20240101", PatientAge="065Y")
    assert patient_of(header).age_years == 65


def test_unknown_age() -> None:
    assert patient_of(make_header(PatientBirthDate="19600101")).age_years is None


@pytest.mark.parametrize(
    ("text", "sex"), [("M", "M"), ("f ", "F"), ("O", "O"), ("", None), ("U", None), ("MALE", None)]
)
def test_sex(text: str, sex: str | None) -> None:
    assert patient_of(make_header(PatientSex=text)).sex == sex


@pytest.mark.parametrize(
    ("values", "whole"),
    [
        ({"PatientAge": "007Y"}, True),
        ({"PatientAge": "007y", "PatientBirthDate": "20190101"}, True),  # no date of the examination
        ({"PatientAge": "007Y", "PatientBirthDate": "20190101", "StudyDate": "20260301"}, False),
        ({"PatientAge": "007M"}, False),
        ({"PatientAge": "7Y"}, False),
        ({}, False),
    ],
)
def test_an_age_may_be_known_in_whole_years_only(values: dict[str, str], whole: bool) -> None:
    assert told_in_whole_years(make_header(**values)) is whole
