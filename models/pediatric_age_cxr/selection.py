"""Which image of a study is the frontal chest radiograph of a child that this model reads. Headers only; no torch."""

from collections.abc import Iterator
from functools import partial

from models.pediatric_age_cxr.majority import OF_AGE_YEARS, asked_by, asks, of_age
from models.radiograph_selection import select_frontal_chest
from screening.header import Header
from screening.patient import patient_of
from screening.types import ClinicalContext, Selection, Study


def select(study: Study) -> Selection:
    """Choose the frontal chest radiograph of a child; reject every other series, or image, with its reason.

    What one series says of the request holds for the whole study.
    """
    asked = any(asked_by(series.header) for series in study.series)
    return select_frontal_chest(study, partial(_objections, asked=asked))


def relevant(context: ClinicalContext) -> ClinicalContext:
    """Diagnoses that ask whether somebody is of age; nothing else of the clinical context reaches the model."""
    return ClinicalContext(diagnoses=tuple(code for code in context.diagnoses if asks((code.meaning,))))


def _objections(header: Header, *, asked: bool) -> Iterator[tuple[str, str]]:
    if asked or asked_by(header):
        yield "age-assessment", "a request or description speaks of telling an age; this model never answers that"
    age = patient_of(header).age_years
    if age is not None and of_age(age):
        yield "not-a-child", f"age is {int(OF_AGE_YEARS)} years or over; the model is for children below that"
