"""What comes of simulated patients with SSc-ILD: typed-in hazard, repeated scans of one patient, follow-up.

Nothing here is learned from patients. The population's risks and the weight of the extent are published; the rest are
assumptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from training.evaluation.interval import Bools, Floats
from training.outcomes.survival import Censoring, Weibull, mean_risk

YEARS = 5  # horizons 1 .. 5
RISKS = {1.0: 0.085, 3.0: 0.153, 5.0: 0.201}
"""Deaths by year: 181, 326 and 428 of 2,125 scans (the paper). H(t) = 0.0889 t^0.575 goes through them."""

# Log-hazard for one SD of each sign. The extent's weight gives Goh's hazard ratio of 2.48 (1.57-3.92) of an extent
# above 20 % (AJRCCM 2008 177:1248) under this frailty; the others are assumptions
EXTENT, COARSE, HONEYCOMB, ARTERY, AGE, MAN = 0.48, 0.50, 0.28, 0.35, 0.35, 0.25
FRAILTY = 1.0  # SD of what no picture shows; specification
GOH = 0.20  # extent above which disease is "extensive"

# Centres and spreads of the signs in the simulator's population, so that lp is about centred
LOG_EXTENT = (-2.05, 0.92)
RETICULATION = (0.49, 0.21)  # share of the extent that is not ground glass
HONEYCOMBING = (0.38, 0.67)  # honeycombing, in percent of the lung as log(1 + x)
DIAMETER = (26.3, 3.3)  # mm
AGES = (55.0, 12.0)
MEN = 0.20  # share of men

CENSORING = Censoring(longest=12.0, accrual=8.0, lost_per_year=0.04)  # 4 to 12 years of follow-up; assumption
GAP = (0.8, 1.6)  # years from scan to scan; assumption
PROGRESSION = (0.07, 0.10)  # a year, of the log extent: mean, SD between patients; assumption


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What a scan shows of the patient's prognosis."""

    extent: float  #: share of the lungs diseased, 0..1
    reticulation: float  #: share of the extent that is reticulation or honeycombing
    honeycombing: float  #: share of the extent that is honeycombing
    artery: float  #: diameter of the pulmonary trunk, mm
    age: float  #: years
    man: bool


WEIGHTS = (EXTENT, COARSE, HONEYCOMB, ARTERY, AGE, MAN)


def standard(signs: Signs) -> tuple[float, ...]:
    """The six signs in SD of the simulator's population: extent, coarseness, honeycombing, artery, age, man (0, 1)."""
    honeycomb = float(np.log1p(100 * signs.extent * signs.honeycombing))
    return (
        _z(float(np.log(max(signs.extent, 1e-3))), LOG_EXTENT),
        _z(signs.reticulation, RETICULATION),
        _z(honeycomb, HONEYCOMBING),
        _z(signs.artery, DIAMETER),
        _z(signs.age, AGES),
        float(signs.man),
    )


def log_hazard(signs: Signs) -> float:
    """The oracle's score: mean 0 and SD 1.05 over the simulator's patients."""
    return float(np.dot(WEIGHTS, standard(signs)) - MAN * MEN)


def _z(value: float, centre: tuple[float, float]) -> float:
    return (value - centre[0]) / centre[1]


BASELINE = Weibull(scale=0.0371, shape=0.7235)
"""Of a patient with lp and frailty 0, from the first scan on: gives `RISKS` over the simulator's patients, who have an
SD(lp) of 1.05."""


def visits(rng: np.random.Generator, most: int) -> tuple[float, ...]:
    """Years of a patient's scans from the first, which is at 0: one to `most` of them, each as likely."""
    count = int(rng.integers(1, most + 1))
    return (0.0, *np.cumsum(rng.uniform(*GAP, count - 1)).tolist())


def progress(extent: float, years: float, rate: float) -> float:
    """Extent some years later, at a yearly growth of its logarithm."""
    return float(extent * np.exp(rate * years))


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """What came of one patient: a row for each scan that was made before death or the end of follow-up."""

    time: Floats = field(repr=False)  #: (V,) years from the scan to death or the end of follow-up
    event: Bools = field(repr=False)  #: (V,) death
    risk: Floats = field(repr=False)  #: (V, 5) the oracle's risk of death by each year after the scan


def course(
    lp: Sequence[float],
    at: Sequence[float],
    rng: np.random.Generator,
    *,
    baseline: Weibull = BASELINE,
    frailty_sd: float = FRAILTY,
    censoring: Censoring = CENSORING,
) -> Course:
    """One patient's fate, and the scans that were made of it.

    The clock runs from the first scan; from each scan to the next the hazard is that of the earlier one. The oracle's
    risk holds for a patient who lived to be scanned and whose lp stays: who survives is less frail than who began.

    Parameters
    ----------
    lp, at
        Log-hazard at each planned scan and its time (years from the first, which is at 0, rising).
    rng
        Gives frailty, death and censoring.
    baseline, frailty_sd, censoring
        As in `draw_survival`.

    Raises
    ------
    ValueError
        If the scans do not begin at 0 and rise.
    """
    start, factor = np.asarray(at, np.float64), np.exp(np.asarray(lp, np.float64))
    if start.shape != factor.shape or start[0] != 0 or (np.diff(start) <= 0).any():
        raise ValueError(f"scans must begin at 0 and rise, got {list(at)}")
    clock = baseline.cumulative(start)
    gathered = np.r_[0.0, np.cumsum(np.diff(clock) * factor[:-1])]  # hazard by each scan, without frailty
    frailty = np.exp(frailty_sd * rng.standard_normal())
    died = _death(float(rng.standard_exponential() / frailty), gathered, clock, factor, baseline)
    ended = float(censoring.draw(1, rng)[0])
    made = start < min(died, ended)
    last, seen = min(died, ended), start[made]
    ahead = baseline.cumulative(seen[:, None] + np.arange(1, YEARS + 1)) - clock[made, None]
    before = gathered[made, None]
    alive = 1 - mean_risk(before, frailty_sd)
    later = 1 - mean_risk(before + ahead * factor[made, None], frailty_sd)
    return Course(time=last - seen, event=np.full(seen.size, died <= ended), risk=1 - later / alive)


def _death(hazard: float, gathered: Floats, clock: Floats, factor: Floats, baseline: Weibull) -> float:
    """When the cumulative hazard (without frailty) is reached."""
    visit = int(np.searchsorted(gathered, hazard, side="right")) - 1
    return float(baseline.time(clock[visit] + (hazard - gathered[visit]) / factor[visit]))
