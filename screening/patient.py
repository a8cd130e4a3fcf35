"""What a header says about the patient, without guessing."""

import re
from datetime import date

from screening.header import Header
from screening.types import Patient

_AGE = re.compile(r"(\d{3})([DWMY])")  # VR AS, PS3.5 table 6.2-1
_YEARS_PER_UNIT = {"D": 1 / 365.2425, "W": 7 / 365.2425, "M": 1 / 12, "Y": 1.0}
_EXAMINATION_DATES = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")


def parse_date(text: str) -> date | None:
    """A DICOM date (VR DA, YYYYMMDD), or None."""
    try:
        return date(int(text[0:4]), int(text[4:6]), int(text[6:8])) if re.fullmatch(r"\d{8}", text) else None
    except ValueError:
        return None


def examination_date(header: Header) -> date | None:
    """When the image was taken: the first of acquisition, content, series and study date that is a date."""
    found = (parse_date(header.text(keyword)) for keyword in _EXAMINATION_DATES)
    return next((day for day in found if day is not None), None)


def patient_of(header: Header) -> Patient:
    """Age at the examination and sex. Birth date and examination date go before Patient's Age (0010,1010)."""
    sex = header.text("PatientSex").upper()
    return Patient(age_years=_age_years(header), sex=sex if sex in ("M", "F", "O") else None)


def told_in_whole_years(header: Header) -> bool:
    """Whether the age is known as a number of completed years only: no birth date, and Patient's Age in years."""
    return _days_lived(header) is None and bool(re.fullmatch(r"\d{3}Y", header.text("PatientAge").upper()))


def _days_lived(header: Header) -> int | None:
    """Days from birth to examination, or None if they are not known or impossible."""
    born, examined = parse_date(header.text("PatientBirthDate")), examination_date(header)
    if born is None or examined is None or not 0 <= (examined - born).days <= 150 * 365:
        return None
    return (examined - born).days


def _age_years(header: Header) -> float | None:
    days = _days_lived(header)
    if days is not None:
        return days / 365.2425
    match = _AGE.fullmatch(header.text("PatientAge").upper())
    if match is None:
        return None
    years = int(match[1]) * _YEARS_PER_UNIT[match[2]]
    return years if years <= 150 else None
