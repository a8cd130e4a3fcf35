"""The typed-in truth: 30-day mortality of pneumonia from what the picture shows, age and frailty.

h = baseline * exp(lp + frailty); p(death within 30 days) = 1 - exp(-h). Signs follow the literature (bilateral or
multilobar disease, effusion and age go with death: models.md 7.2, CAP row); sizes are ours, set so that the share of
deaths is 8-15 % and the oracle that sees all but frailty has an AUC of about 0.83.
"""

import math
from dataclasses import dataclass

import numpy as np

from training.phantoms.chest.disease import Truth

# Log hazard ratios; assumption
EXTENT = 0.95  # for each SD of the square root of extent
BILATERAL = 0.70
EFFUSION = 1.25  # for a hemithorax full of fluid
AGE_DECADE = 0.36
FRAILTY_SD = 0.6  # what no picture shows
BASELINE = -3.13  # log hazard of 30 days at the reference patient below
EXTENT_REFERENCE = (0.295, 0.118)  # mean and SD of sqrt(extent) in the simulated population
AGE_REFERENCE = 68.0  # years; mean age of adults in hospital with pneumonia; assumption


@dataclass(frozen=True, kw_only=True)
class Outcome30:
    """The phantom's fate."""

    lp: float  #: log hazard without frailty: what the oracle scores with
    risk: float  #: probability of death within 30 days for this lp, averaged over frailty
    died: bool  #: what a cohort would record


def linear_predictor(truth: Truth, age: float) -> float:
    """Log hazard from what is in principle visible, plus age."""
    extent = (math.sqrt(max(truth.extent, 0.0)) - EXTENT_REFERENCE[0]) / EXTENT_REFERENCE[1]
    sick = EXTENT * extent + BILATERAL * float(truth.bilateral) + EFFUSION * truth.effusion
    return BASELINE + sick + AGE_DECADE * (age - AGE_REFERENCE) / 10


def risk_of(lp: float) -> float:
    """Probability of death within 30 days at this log hazard, averaged over frailty (Gauss-Hermite, 15 nodes)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    hazards = np.exp(lp + FRAILTY_SD * nodes)
    return float((weights * (1 - np.exp(-hazards))).sum() / weights.sum())


def draw_outcome(truth: Truth, age: float, rng: np.random.Generator) -> Outcome30:
    """Let fate decide."""
    lp = linear_predictor(truth, age)
    hazard = math.exp(lp + FRAILTY_SD * rng.standard_normal())
    return Outcome30(lp=lp, risk=risk_of(lp), died=bool(rng.random() < 1 - math.exp(-hazard)))
