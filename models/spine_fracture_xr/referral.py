"""What is known of the patient besides the picture: from the header and from the clinical context, never guessed."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.spine_fracture_xr.clinical import ITEMS
from screening.header import Header
from screening.types import ClinicalContext, Patient

Floats = npt.NDArray[np.float64]

YES_NO = {
    "prior_fracture": "prior fracture",
    "glucocorticoid": "glucocorticoids",
    "secondary_osteoporosis": "secondary osteoporosis",
    "rheumatoid_arthritis": "rheumatoid arthritis",
}
"""Items of the clinical context that are 0 or 1, and how people call them."""

SIZE, WEIGHT = (1.0, 2.3), (25.0, 300.0)  # m, kg, of an adult: a size in cm or a weight of 0 lies outside; assumption
POSSIBLE_BMI = (10.0, 80.0)  # kg/m2, as a site's table may have it
LEARNT_BMI = (17.0, 42.0)  # kg/m2: the simulator's people have none beyond


@dataclass(frozen=True, kw_only=True)
class Referral:
    """The seven items."""

    values: Floats = field(repr=False)  #: (7,) in the order of ITEMS, NaN where not known
    known: tuple[str, ...]  #: each known item in words
    unknown: tuple[str, ...]  #: the names of the others
    remarks: tuple[str, ...] = ()  #: what was found and could not be used

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the report: what the model was told, and what not."""
        told = f"Told to the model besides the picture: {', '.join(self.known)}." if self.known else ""
        lacking = f"Not known, and told to the model as such: {', '.join(self.unknown)}." if self.unknown else ""
        return tuple(sentence for sentence in (told, lacking, *self.remarks) if sentence)


def referral_of(patient: Patient, header: Header, context: ClinicalContext) -> Referral:
    """What the node knows; BMI of the clinical context goes before size and weight of the header."""
    values = dict.fromkeys(ITEMS, math.nan)
    known: list[str] = []
    remarks: list[str] = []
    if patient.age_years is not None:
        values["age"] = patient.age_years
        known.append(f"age {int(patient.age_years)} years")
    if patient.sex in ("F", "M"):
        values["female"] = float(patient.sex == "F")
        known.append("female" if patient.sex == "F" else "male")
    bmi, source = _bmi(header, context)
    if not math.isnan(bmi):
        values["bmi"] = bmi
        known.append(f"BMI {bmi:.1f} kg/m2 ({source})")
        if not LEARNT_BMI[0] <= bmi <= LEARNT_BMI[1]:
            remarks.append(
                f"The model has learned from nobody with a BMI beyond {LEARNT_BMI[0]:g} to {LEARNT_BMI[1]:g}."
            )
    elif source:
        remarks.append(source)
    for item, name in YES_NO.items():
        told = context.items.get(item)
        if told in (0.0, 1.0):
            values[item] = float(told)
            known.append(name if told else f"no {name}")
        elif told is not None:
            remarks.append(f"The clinical context has {told:g} for {item}, which is neither 0 nor 1: not used.")
    names = {"age": "age", "female": "sex", "bmi": "BMI"} | YES_NO
    unknown = [names[item] for item in ITEMS if math.isnan(values[item])]
    return Referral(
        values=np.array([values[item] for item in ITEMS]), known=tuple(known), unknown=tuple(unknown),
        remarks=tuple(remarks),
    )  # fmt: skip


def prior_fracture(context: ClinicalContext) -> bool:
    """Whether the site told of a fracture: the model was made for people without one."""
    return context.items.get("prior_fracture") == 1.0


def _bmi(header: Header, context: ClinicalContext) -> tuple[float, str]:
    """kg/m2 and where it comes from; NaN with what was wrong, or NaN with nothing."""
    told = context.items.get("bmi")
    if told is not None:
        if POSSIBLE_BMI[0] <= told <= POSSIBLE_BMI[1]:
            return float(told), "clinical context"
        return math.nan, f"The clinical context has a BMI of {told:g} kg/m2, which cannot be: not used."
    size, weight = header.number("PatientSize"), header.number("PatientWeight")
    if not size or not weight:
        return math.nan, ""
    if all(_within(value, limits) for value, limits in ((size, SIZE), (weight, WEIGHT))):
        found = weight / size**2
        if _within(found, POSSIBLE_BMI):
            return found, "size and weight of the header"
    return math.nan, f"The header has a size of {size:g} m and a weight of {weight:g} kg, which cannot be: no BMI."


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
