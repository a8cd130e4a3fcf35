"""Which image of a study is the adult frontal chest radiograph that this model reads. Headers only; no torch."""

from collections.abc import Iterator

from models.cap_mortality_cxr.curb65 import CONTEXT_ITEMS
from models.radiograph_selection import select_frontal_chest
from screening.header import Header
from screening.patient import patient_of
from screening.types import ClinicalContext, Selection, Study

ADULT_YEARS = 19.0  # the cohort of the paper is adult; the limit is our assumption


def select(study: Study) -> Selection:
    """Choose the frontal chest radiograph of an adult; reject every other series, or image, with its reason."""
    return select_frontal_chest(study, _objections)


def relevant(context: ClinicalContext) -> ClinicalContext:
    """Items of CURB-65; nothing else of the clinical context reaches the model."""
    return context.only(*CONTEXT_ITEMS)


def _objections(header: Header) -> Iterator[tuple[str, str]]:
    age = patient_of(header).age_years
    if age is not None and age < ADULT_YEARS:
        yield "not-adult", f"age is {int(age)} years; the model is for adults of {int(ADULT_YEARS)} years and over"
