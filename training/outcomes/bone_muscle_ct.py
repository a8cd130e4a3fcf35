"""The typed-in truth: the hazard of a vertebral fracture from bone, muscle, age and sex.

    lp = bone + prevalent fracture + beta_muscle * muscle + age + sex

Directions follow the literature (low trabecular attenuation, a fracture already there, age, women); sizes are ours,
set so that with a frailty of 1.0 the oracle has a concordance of about 0.71 (models.md 7 wants 0.68-0.71 and thinks of
an SD of lp of 1.0-1.2; with this follow-up that gives 0.75, so lp has an SD of 0.9).
What muscle adds is in dispute (paraspinal attenuation: odds ratio 0.80 per SD in women, none in men, none after bone
density; AGES: in men only), so its weight is an argument and 0 is its negative control.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Floats
from training.outcomes.survival import Censoring, Survival, Weibull, draw_survival

HORIZON = 5  # years, in yearly bins
BONE = 0.62  # log hazard per SD of lower trabecular HU; assumption
FRACTURE = 0.65  # of a prevalent fracture, grade 1 or more; assumption
MUSCLE = 0.40  # per SD of worse muscle, the default of beta_muscle; assumption
AGE_DECADE = 0.12  # what age adds to bone and muscle, which fall with it; assumption
WOMAN = 0.15  # assumption
FRAILTY_SD = 1.0  # what no picture shows (models.md 7)
LP_SD = 0.90  # of lp in the simulated population with MUSCLE; the baseline is set for it
# Means and SDs of the simulated people, so that effects are per SD
TRABECULAR = (135.0, 45.0)  # HU at 120 kVp, mean of L1-L3
MUSCLE_HU = (33.4, 7.5)
MUSCLE_AREA = {"F": (108.0, 17.7), "M": (159.0, 26.5)}  # cm2 at L3
HU_SHARE = 0.8  # of attenuation in the state of the muscle, the rest is area; assumption
AGE = 65.0
RISKS = {1.0: 0.035, 5.0: 0.15}  # share with a fracture by then; a hospital's older patients; assumption
USUAL = Censoring(longest=9.0, accrual=5.0, lost_per_year=0.04)  # assumption
#: Until nearly everyone has had the event: times stand for no calendar, only concordance and AUC are read from it
LONG_RISKS = {1.0: 0.22, 5.0: 0.72}
LONG = Censoring(longest=12.0, accrual=4.0, lost_per_year=0.02)


@dataclass(frozen=True, kw_only=True)
class Person:
    """N people's state as the hazard sees it, native and at 120 kVp: not as some scanner shows it."""

    trabecular: Floats = field(repr=False)  #: HU, mean of L1-L3
    fractured: Floats = field(repr=False)  #: 1 if any of T12-L5 is
    muscle_hu: Floats = field(repr=False)  #: skeletal muscle at L3
    muscle_area: Floats = field(repr=False)  #: cm2
    age: Floats = field(repr=False)
    woman: Floats = field(repr=False)


def linear_predictor(person: Person, *, beta_muscle: float = MUSCLE) -> Floats:
    """(N,) log hazards without frailty, about 0 on average."""
    low_bone = (TRABECULAR[0] - person.trabecular) / TRABECULAR[1]
    attenuation = (MUSCLE_HU[0] - person.muscle_hu) / MUSCLE_HU[1]
    mean, sd = (np.where(person.woman > 0, MUSCLE_AREA["F"][k], MUSCLE_AREA["M"][k]) for k in (0, 1))
    small = (mean - person.muscle_area) / sd
    muscle = HU_SHARE * attenuation + (1 - HU_SHARE) * small
    late = AGE_DECADE * (person.age - AGE) / 10 + WOMAN * (person.woman - 0.6)
    return np.asarray(BONE * low_bone + FRACTURE * person.fractured + beta_muscle * muscle + late, np.float64)


def draw_fates(lp: npt.ArrayLike, rng: np.random.Generator, *, long: bool = False) -> Survival:
    """One fate for each log hazard. long: follow-up until most have had the event, for experiments."""
    return draw_survival(
        lp, rng, baseline=Weibull.through(LONG_RISKS if long else RISKS, sd=float(np.hypot(LP_SD, FRAILTY_SD))),
        frailty_sd=FRAILTY_SD, censoring=LONG if long else USUAL,
    )  # fmt: skip
