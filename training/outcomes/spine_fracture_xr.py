"""Who of the simulated people breaks a vertebra: clinical items, a typed-in hazard, and fates drawn from it.

The hazard hangs on what the radiograph shows (bone density, an old deformity, the shape of bodies and discs) and on
what the referral says. Effects are per SD of this cohort. None of them is a clinical finding of ours: those with a
source are set near it, the others are assumptions that keep the oracle's C near 0.7 (models.md 7.4).
"""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from models.spine_fracture_xr.clinical import ITEMS
from training.cohorts.spine_pictures import BMI, SPLIT_SEEDS, SpinePictures
from training.evaluation.interval import Bools, Floats
from training.outcomes.survival import Censoring, Weibull, draw_survival
from training.phantoms.spine.radiograph import AGE, WOMEN

FollowUp = Literal["paper", "long"]

# Shares in the paper's cohort (models.md 7.2); a prior fracture was a reason for exclusion
SHARES = {
    "prior_fracture": 0.0,
    "glucocorticoid": 0.522,
    "rheumatoid_arthritis": 0.035,
    "secondary_osteoporosis": 0.048,
}

# What the picture shows: mean and SD over the simulator's people (measured on 6,000 of them), effect per SD
BONE, BONE_EFFECT = (145.5, 42.8), -0.80  # mean trabecular HU of whole L1-L4; vBMD: HR 3 to 6 per SD in men (MrOS)
WEDGE, WEDGE_EFFECT = (1.027, 0.0286), -0.15  # mean of anterior over posterior height; assumption
DISC, DISC_EFFECT = (10.2, 1.05), -0.10  # mean middle height, mm; assumption
DEFORMITY_EFFECT, GRADE_EFFECT = 0.9, 0.3  # any deformity, and each grade beyond the first; assumptions
# What the referral says; assumptions, of the size of FRAX's published risk ratios
AGE_EFFECT, FEMALE_EFFECT, BMI_EFFECT = 0.20, 0.30, -0.15  # per SD, against men, per SD
ITEM_EFFECTS = {
    "prior_fracture": 0.6, "glucocorticoid": 0.45, "rheumatoid_arthritis": 0.40, "secondary_osteoporosis": 0.40,
}  # fmt: skip

FRAILTY_SD = 1.0  # what neither picture nor referral tells (models.md 7.4)
# 7.3 % of people with an event over the paper's follow-up: found by drawing, see the test
BASELINE = Weibull(scale=0.01025)
EXTERNAL_HAZARD = 1.3  # the held-out hospital's drift; assumption
# Follow-up of 0.5 years and more, 3.2 +- 2.2 years (models.md 7.2): half a year and a gamma time
SHORTEST, GAMMA = 0.5, (1.506, 1.793)
LONGEST = 12.0  # years; assumption
LONG = 1000.0  # years: every fate is seen to its end; an experiment's device


def clinical_items(people: SpinePictures) -> npt.NDArray[np.float32]:
    """(N, 7) what the referral says, in the order of ITEMS: age, sex and BMI of the picture, the rest drawn."""
    rows = []
    for seed, age, female, bmi in zip(people.seeds, people.age, people.female, people.bmi, strict=True):
        rng = np.random.default_rng([int(seed), 51])
        drawn = {name: float(rng.random() < share) for name, share in SHARES.items()}
        known = {"age": float(age), "female": float(female), "bmi": float(bmi)} | drawn
        rows.append([known[name] for name in ITEMS])
    return np.asarray(rows, np.float32)


def picture_hazard(people: SpinePictures) -> Floats:
    """(N,) the part of the log-hazard that the radiograph shows, about 0 on average."""
    whole = people.grades[:, :4] == 0
    levels = np.where(whole.any(1, keepdims=True), whole, True)  # where nothing is whole, all of them
    density = (people.hu[:, :4] * levels).sum(1) / levels.sum(1)
    wedge = (people.heights[..., 0] / people.heights[..., 2]).mean(1)
    worst = people.grades.max(1)
    parts = (
        BONE_EFFECT * _standard(density, BONE), WEDGE_EFFECT * _standard(wedge, WEDGE),
        DISC_EFFECT * _standard(people.discs.mean(1), DISC),
        DEFORMITY_EFFECT * (worst > 0) + GRADE_EFFECT * np.maximum(worst - 1, 0),
    )  # fmt: skip
    return np.asarray(sum(parts), np.float64)


def referral_hazard(clinical: npt.NDArray[np.float32]) -> Floats:
    """(N,) the part of the log-hazard that the referral says, about 0 on average."""
    item = dict(zip(ITEMS, clinical.astype(np.float64).T, strict=True))
    total = AGE_EFFECT * _standard(item["age"], AGE) + FEMALE_EFFECT * (item["female"] - WOMEN)
    total = total + BMI_EFFECT * _standard(item["bmi"], BMI)
    for name, effect in ITEM_EFFECTS.items():
        total = total + effect * (item[name] - SHARES[name])
    return np.asarray(total, np.float64)


def hazard(people: SpinePictures, clinical: npt.NDArray[np.float32]) -> Floats:
    """(N,) the oracle's log-hazard: all of it that picture and referral tell."""
    return picture_hazard(people) + referral_hazard(clinical)


def draw_fates(lp: Floats, *, split: str, seed: int, follow_up: FollowUp = "paper") -> tuple[Floats, Bools]:
    """One fate of each of N people: years to the fracture or the end of follow-up, and whether it was a fracture.

    Parameters
    ----------
    lp
        (N,) from `hazard`.
    split
        Of `SPLIT_SEEDS`; "external" has the held-out hospital's hazard.
    seed
        Of the fates.
    follow_up
        "paper": 3.2 +- 2.2 years, so that 7.3 % have an event. "long": until the event, which makes thousands of
        events out of thousands of people and leaves the order of hazards as it is.

    Raises
    ------
    ValueError
        For another follow-up or split.
    """
    if follow_up not in get_args(FollowUp):
        raise ValueError(f"follow_up must be one of {', '.join(get_args(FollowUp))}, got {follow_up!r}")
    baseline = Weibull(scale=BASELINE.scale * (EXTERNAL_HAZARD if split == "external" else 1.0))
    rng = np.random.default_rng([seed, 52, list(SPLIT_SEEDS).index(split)])
    found = draw_survival(lp, rng, baseline=baseline, frailty_sd=FRAILTY_SD, censoring=Censoring(longest=LONG))
    if follow_up == "long":
        return found.time, found.event
    ended = np.minimum(SHORTEST + rng.gamma(*GAMMA, lp.size), LONGEST)
    return np.minimum(found.time, ended), found.event & (found.time <= ended)


def _standard(values: npt.NDArray[np.floating], spread: tuple[float, float]) -> Floats:
    return np.asarray((values - spread[0]) / spread[1], np.float64)
