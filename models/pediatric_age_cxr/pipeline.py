"""The model, ready: a child's radiograph in, the estimated age and what speaks for it out."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models.chest_picture import ChestPicture
from models.chest_position import position_net
from models.contract import ScreeningModel
from models.engines.engine import Part
from models.framing import analysed_area
from models.frontal_gate import SHARED_THRESHOLD, FrontalNet, frontal_score, shared_gate
from models.pediatric_age_cxr import majority
from models.pediatric_age_cxr.heat import heat_of
from models.pediatric_age_cxr.preprocess import Prepared, Sex, prepare
from models.pediatric_age_cxr.reader import MONTHS, Ages, Reader, load_reader
from screening import codes
from screening.ages import age_text
from screening.card import ModelCard
from screening.codes import CodedName
from screening.errors import WeightsMismatch
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Outcome
from screening.images import Image, Radiograph
from screening.patient import told_in_whole_years
from screening.rounding import rounded
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient

AGE = CodedName(value="AGECXR", scheme=codes.PRIVATE_SCHEME, meaning="Age estimated from chest radiograph")
AGE_ESTIMATION = CodedName(
    value="AGEESTIM", scheme=codes.PRIVATE_SCHEME, meaning="Age estimation from chest radiograph"
)
SUBJECT_AGE = CodedName(value="121033", scheme="DCM", meaning="Subject Age")

END = 12 * majority.OF_AGE_YEARS  # months: where the scale of what is told ends
# Without an age from elsewhere, an estimate is told only where its interval ends below this: the youngest age that
# forensic medicine is asked for where criminal responsibility begins at 14 years; assumption
UNKNOWN_BELOW = 12 * 14.0
FAR_FROM_TRAINING = 1.0  # the 99th percentile of validation
BIRTHDAY = 0.1  # months: years counted in days may fall short of the birthday
HALF_A_YEAR = 6  # months: a child of "5 years" is 5 to below 6, in the middle 5 1/2

FAR_NOTE = "This radiograph lies outside what the model has learned to read: the age may be far off."
NO_SIZE_NOTE = "The header does not tell the size of a pixel: the interval is that of pictures without a scale."
NO_SEX_NOTE = "The header does not tell the sex: the age was read without it."
NO_AGE_NOTE = "The header gives neither birth date nor age: there is no difference and no z-score."
WHOLE_YEARS_NOTE = (
    "The header gives the age in whole years only: difference and z-score are from the middle of that year, and may be"
    " off by half a year."
)
END_NOTE = (
    f"The scale ends at {int(majority.OF_AGE_YEARS)} years, where ages are no longer told apart: this says nothing"
    " about whether the patient is of age."
)
NO_MAP_NOTE = "The picture is too small for the model's map of what speaks for older or younger: none is drawn."


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What the picture says, and the age in the calendar beside it. Months."""

    months: int
    low: int  #: ends of the 80 % interval
    high: int
    stated: int | None  #: the age in the calendar as the header gives it, completed months
    difference: int | None  #: estimated minus chronological
    z: float | None


class PediatricAge:
    """Age of a child from one frontal chest radiograph."""

    def __init__(self, reader: Reader, gate: FrontalNet) -> None:
        self._reader = reader
        self._gate = gate.eval()
        self._position = position_net()

    @property
    def card(self) -> ModelCard:
        """Identity, evidence and limits."""
        return self._reader.card

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """Estimated age, difference from the calendar, heat map, or why there are none. Deterministic on the CPU."""
        if not isinstance(image, Radiograph):
            return NotEvaluable(code="not-a-radiograph", reason="the image is a volume; a frontal radiograph is needed")
        chest = ChestPicture(image.pixels, self._gate, SHARED_THRESHOLD, self._position)
        refused = _refuse(image, patient, context, chest)
        if refused is not None:
            return refused
        picture, sex = prepare(image.pixels, image.spacing, self._reader.size, between=chest.between), _sex(patient)
        ages = self._reader.read([picture], [sex])
        if patient.age_years is None:
            refused = _refuse_unstated(ages, image.sop_instance_uid)
            if refused is not None:
                return refused
        heat = heat_of(self._reader.contributions([picture], [sex])[0], picture.placement, image.sop_instance_uid)
        estimate = self._estimate(ages, image, patient)
        notes = _notes(estimate, picture, sex, image)
        notes += (FAR_NOTE,) if ages.distance[0] > FAR_FROM_TRAINING else ()
        notes += chest.notes()
        return Findings(
            groups=(_headline(estimate, picture, image.sop_instance_uid),),
            conclusion=_conclusion(estimate),
            notes=notes if heat is not None else (*notes, NO_MAP_NOTE),
            out_of_distribution=round(float(ages.distance[0]), 3),
            heatmap=heat,
        )

    def parts(self) -> tuple[Part, ...]:
        """The trunk. The gates take no time."""
        size = self._reader.size
        return (Part(name="trunk", network=self._reader.network.trunk, shape=(1, 1, size, size)),)

    def probe(self) -> float:
        """Estimated age of a made-up picture as a share of the scale, 0..1, past every refusal.

        Raises
        ------
        WeightsMismatch
            If the check of the view, the map or the distance from the training data makes no finite number.
        """
        rows, columns = np.mgrid[0:1:288j, 0:1:240j]
        pixels = np.asarray(0.5 + 0.3 * np.sin(7 * rows) * np.cos(5 * columns) + 0.1 * rows, np.float32)
        picture = prepare(pixels, (1.0, 1.0), self._reader.size)
        ages = self._reader.read([picture], [None])
        further = {
            "the score of the view": frontal_score(self._gate, pixels),
            "the map": float(np.abs(self._reader.contributions([picture], [None])[0]).sum()),
            "the distance from the training data": float(ages.distance[0]),
        }
        for what, value in further.items():
            if not math.isfinite(value):
                raise WeightsMismatch(f"{what} is not finite: {value}")
        return float(ages.months[0]) / MONTHS[1]

    def _estimate(self, ages: Ages, image: Radiograph, patient: Patient) -> Estimate:
        """In whole months, so that what is told adds up; nothing is told beyond the end of the scale."""
        months, low, high = (round(min(float(ends[0]), END)) for ends in (ages.months, ages.lower, ages.upper))
        if patient.age_years is None:
            return Estimate(months=months, low=low, high=high, stated=None, difference=None, z=None)
        stated = int(12 * patient.age_years + BIRTHDAY)
        middle = HALF_A_YEAR if told_in_whole_years(image.header) else 0
        z = self._reader.z([min(float(ages.months[0]), END)], [12 * patient.age_years + middle])
        return Estimate(
            months=months, low=low, high=high, stated=stated, difference=months - stated - middle,
            z=rounded(float(z[0]), 2),
        )  # fmt: skip


def _refuse(image: Radiograph, patient: Patient, context: ClinicalContext, chest: ChestPicture) -> NotEvaluable | None:
    uid = image.sop_instance_uid
    if majority.asked_by(image.header) or majority.asked_by_context(context):
        return NotEvaluable(
            code="age-assessment",
            reason="a request or description speaks of telling an age; this model never answers that",
            sop_instance_uid=uid,
        )
    if patient.age_years is not None and majority.of_age(patient.age_years):
        return NotEvaluable(
            code="not-a-child",
            reason=f"age is {int(majority.OF_AGE_YEARS)} years or over; the model is for children below that",
            sop_instance_uid=uid,
        )
    refusal = chest.refusal()
    if refusal is None:
        return None
    return NotEvaluable(code=refusal.code, reason=refusal.reason, sop_instance_uid=uid)


def _sex(patient: Patient) -> Sex | None:
    return "M" if patient.sex == "M" else "F" if patient.sex == "F" else None


def _refuse_unstated(ages: Ages, uid: str) -> NotEvaluable | None:
    """Where no age is stated nothing checks the estimate: it is told only where it is far from any that decides."""
    if ages.upper[0] < UNKNOWN_BELOW and ages.distance[0] <= FAR_FROM_TRAINING:
        return None
    return NotEvaluable(
        code="age-unknown",
        reason="the header gives neither birth date nor age; then an estimate is told only where the picture is plainly"
        f" that of a child below {age_text(UNKNOWN_BELOW)} and of the kind that the model has learned",
        sop_instance_uid=uid,
    )


def _headline(estimate: Estimate, picture: Prepared, uid: str) -> MeasurementGroup:
    place = picture.placement
    box = (place.left, place.top, place.left + place.frame.columns, place.top + place.frame.rows)
    told: list[Measurement] = [
        Measurement(name=AGE, value=estimate.months, unit=codes.MONTH, low=estimate.low, high=estimate.high)
    ]
    for name, value, unit in (
        (SUBJECT_AGE, estimate.stated, codes.MONTH),
        (codes.AGE_DIFFERENCE, estimate.difference, codes.MONTH),
        (codes.AGE_DIFFERENCE_Z, estimate.z, codes.NO_UNITS),
    ):
        if value is not None:
            told.append(Measurement(name=name, value=value, unit=unit))
    return MeasurementGroup(
        tracking_identifier="Chest radiograph - analysed area",
        finding=AGE_ESTIMATION,
        site=codes.CHEST,
        region=analysed_area(box, uid),
        measurements=tuple(told),
    )


def _notes(estimate: Estimate, picture: Prepared, sex: Sex | None, image: Radiograph) -> tuple[str, ...]:
    told = {
        END_NOTE: estimate.high >= END,
        NO_AGE_NOTE: estimate.stated is None,
        WHOLE_YEARS_NOTE: estimate.stated is not None and told_in_whole_years(image.header),
        NO_SIZE_NOTE: not picture.known,
        NO_SEX_NOTE: sex is None,
    }
    return tuple(note for note, applies in told.items() if applies)


def _conclusion(estimate: Estimate) -> str:
    looks = (
        f"The chest looks like that of a child of {age_text(estimate.months)}"
        f" (80 % interval {age_text(estimate.low)} to {age_text(estimate.high)})."
    )
    reserve = "The estimate diagnoses no disorder of growth and decides no question of law."
    if estimate.stated is None or estimate.difference is None or estimate.z is None:
        return f"{looks} {reserve}"
    difference = age_text(abs(estimate.difference))
    side = "older" if estimate.difference > 0 else "younger"
    apart = f"it looks {difference} {side}" if estimate.difference else "it looks as old as that"
    return f"{looks} By the calendar the child is {age_text(estimate.stated)}: {apart} (z {estimate.z:+.1f}). {reserve}"


def load(bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> ScreeningModel:
    """Build the model from a bundle. It has no risk thresholds: nothing of `settings` changes it.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    del settings
    torch.set_num_threads(threads)
    return PediatricAge(load_reader(bundle, device=device), shared_gate())
