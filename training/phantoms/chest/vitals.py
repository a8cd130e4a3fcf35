"""The bedside findings of a simulated pneumonia, for CURB-65. No picture shows them, no picture depends on them.

They follow how sick the picture is, the hidden frailty and age, with much noise of their own, drawn from a generator
of their own: pictures and fates are the same with and without them. Sizes are assumptions, set so that CURB-65 has an
AUC of about 0.70 for death within 30 days (0.67 to 0.76 in the literature: models.md 7.2, CAP row), partly from what
the picture cannot show.
"""

import math

import numpy as np

from models.cap_mortality_cxr.curb65 import Curb65Items
from training.phantoms.chest.hazard import AGE_DECADE, AGE_REFERENCE, BASELINE
from training.phantoms.chest.phantom import streams_of

SICKNESS_REFERENCE = (0.32, 1.18)  # mean and SD of the picture's share of the log hazard in the simulated population
FROM_PICTURE, FROM_FRAILTY, OWN_NOISE = 0.55, 0.50, 0.55  # shares of the illness that bedside findings follow
_STREAM = 65


def frailty_of(seed: int) -> float:
    """The hidden frailty of `make_phantom(seed)`, in SD: the first number of its stream of fate."""
    fate = streams_of(seed)[4]
    return float(fate.standard_normal())


def draw_vitals(seed: int, *, age: float, lp: float) -> Curb65Items:
    """Findings at the bedside of the patient of `make_phantom(seed)`.

    Parameters
    ----------
    age
        In years.
    lp
        The phantom's log hazard without frailty.
    """
    rng = np.random.default_rng([seed, _STREAM])
    decades = (age - AGE_REFERENCE) / 10
    mean, spread = SICKNESS_REFERENCE
    picture = (lp - BASELINE - AGE_DECADE * decades - mean) / spread
    ill = FROM_PICTURE * picture + FROM_FRAILTY * frailty_of(seed) + OWN_NOISE * rng.standard_normal()
    chance, urea, rate, systolic, diastolic = rng.random(), *rng.standard_normal(4)
    return Curb65Items(
        confusion=bool(chance < 1 / (1 + math.exp(2.9 - 1.3 * ill - 0.45 * decades))),
        urea_mmol_per_l=round(math.exp(1.80 + 0.32 * ill + 0.10 * decades + 0.28 * urea), 1),
        respiratory_rate=float(round(max(10.0, 22 + 5.0 * ill + 3 * rate))),
        systolic_mmhg=float(round(max(60.0, 126 - 13 * ill + 14 * systolic))),
        diastolic_mmhg=float(round(max(30.0, 72 - 7 * ill + 7 * diastolic))),
        age_years=age,
    )
