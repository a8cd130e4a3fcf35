"""CURB-65 of the patient beside what the radiograph says, and both together, where every item of the score is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.cap_mortality_cxr.curb65 import CONTEXT_ITEMS, Curb65Items, curb65
from models.recalibration import EDGE
from screening.codes import PRIVATE_SCHEME, CodedName, ucum
from screening.context_items import ITEMS
from screening.types import ClinicalContext, Patient

Floats = npt.NDArray[np.float64]

CURB65 = CodedName(value="CURB65", scheme=PRIVATE_SCHEME, meaning="CURB-65 score (0 to 5)")
MORTALITY_30D_CURB65 = CodedName(
    value="MORT30DCURB65", scheme=PRIVATE_SCHEME, meaning="30-day all-cause mortality probability with CURB-65"
)
SCORE = ucum("{score}", "score")

_NUMBERS = {  # of the clinical context: how people call it, and its unit
    "urea_mmol_per_l": ("urea", "mmol/l"),
    "respiratory_rate": ("respiratory rate", "/min"),
    "systolic_mmhg": ("systolic pressure", "mmHg"),
    "diastolic_mmhg": ("diastolic pressure", "mmHg"),
}


@dataclass(frozen=True, kw_only=True)
class Combination:
    """Logistic function of the model's log odds and CURB-65."""

    intercept: float
    log_odds: float
    curb65: float

    def __call__(self, probability: Floats, curb65: Floats) -> Floats:
        """(N,) probabilities of death from (N,) probabilities before recalibration and (N,) scores 0 to 5."""
        p = np.clip(probability, EDGE, 1 - EDGE)
        x = self.intercept + self.log_odds * np.log(p / (1 - p)) + self.curb65 * curb65
        return np.asarray(1 / (1 + np.exp(-x)), np.float64)

    @classmethod
    def read(cls, configuration: Mapping[str, Any]) -> Self | None:
        """The section `combined` of a bundle's configuration; None if it has none.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the section is malformed.
        """
        section = configuration.get("combined")
        if section is None:
            return None
        return cls(
            intercept=float(section["intercept"]), log_odds=float(section["log_odds"]), curb65=float(section["curb65"])
        )


@dataclass(frozen=True, kw_only=True)
class Severity:
    """What is known of the items of CURB-65."""

    score: int | None  #: 0 to 5; None where an item is not known
    known: tuple[str, ...]  #: each known item in words
    unknown: tuple[str, ...]  #: the names of the others
    remarks: tuple[str, ...] = ()  #: what was found and could not be used

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the report: which items were known, and which not."""
        known = ", ".join(self.known)
        if self.score is not None:
            return (f"CURB-65 is {self.score}, from the age and the clinical context: {known}.", *self.remarks)
        return (
            "CURB-65, and the probability with it, were not computed. Not known:"
            f" {', '.join(self.unknown)}. Known: {known or 'nothing'}.",
            *self.remarks,
        )


def severity_of(patient: Patient, context: ClinicalContext) -> Severity:
    """CURB-65 from the age and the clinical context; an item that is not known is never taken as normal."""
    values: dict[str, float] = {}
    known, unknown, remarks = [], [], []
    for name in CONTEXT_ITEMS:
        told = context.items.get(name)
        title, unit = _NUMBERS.get(name, (name, ""))
        objection = None if told is None else ITEMS[name].objection(told)
        if objection is not None:
            remarks.append(f"The clinical context has {told:g} for {title}, which {objection}: not used.")
        if told is None or objection is not None:
            unknown.append(title)
            continue
        values[name] = told
        known.append(f"{title} {told:g} {unit}" if unit else f"{'' if told else 'no '}{title}")
    if patient.age_years is None:
        unknown.append("age")
    else:
        known.append(f"age {int(patient.age_years)} years")
    score = curb65(
        Curb65Items(
            confusion=values["confusion"] == 1 if "confusion" in values else None,
            age_years=patient.age_years,
            **{name: values.get(name) for name in _NUMBERS},
        )
    )
    return Severity(score=score, known=tuple(known), unknown=tuple(unknown), remarks=tuple(remarks))
