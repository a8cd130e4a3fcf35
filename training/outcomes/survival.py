"""Times of events drawn from a typed-in hazard: Weibull baseline, hidden frailty, two kinds of censoring.

    H(t | lp, w) = scale * t^shape * exp(lp + w),   w ~ N(0, frailty_sd)

The oracle knows lp, not w: no reader of the picture can do better. Times are in years.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import optimize

from training.evaluation.interval import Bools, Floats, floats

NODES = 40  # Gauss-Hermite nodes over the frailty: risks to 1e-6 and better for an SD up to 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Weibull:
    """Cumulative hazard scale * t^shape of a patient whose log-hazard is 0; shape 1 is exponential.

    Raises
    ------
    ValueError
        If scale or shape is not positive.
    """

    scale: float  #: cumulative hazard by the end of the first year
    shape: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.scale < np.inf and 0 < self.shape < np.inf):
            raise ValueError(f"scale and shape must be positive, got {self.scale} and {self.shape}")

    def cumulative(self, time: npt.ArrayLike) -> Floats:
        """H(t) at each time (years, not negative)."""
        return np.asarray(self.scale * np.asarray(time, np.float64) ** self.shape, np.float64)

    def time(self, hazard: npt.ArrayLike) -> Floats:
        """The times by which the cumulative hazard is `hazard`: the inverse of `cumulative`."""
        return np.asarray((np.asarray(hazard, np.float64) / self.scale) ** (1 / self.shape), np.float64)

    @classmethod
    def through(cls, risks: Mapping[float, float], *, sd: float) -> "Weibull":
        """The baseline with which a population has these risks.

        Parameters
        ----------
        risks
            Share with the event by each time (years), at least two of them; least squares where there are more.
        sd
            Of lp and frailty together, taken as normal around 0. They flatten the population's hazard: those at risk
            go first.

        Raises
        ------
        ValueError
            Fewer than two risks, or one that is not inside (0, 1).
        """
        times, wanted = np.array(list(risks)), np.array(list(risks.values()))
        if times.size < 2 or times.min() <= 0 or wanted.min() <= 0 or wanted.max() >= 1:
            raise ValueError(f"need two risks or more inside (0, 1) at positive times, got {dict(risks)}")

        def gap(logs: Floats) -> Floats:
            made = cls(scale=float(np.exp(logs[0])), shape=float(np.exp(logs[1])))
            return np.asarray(mean_risk(made.cumulative(times), sd) - wanted, np.float64)

        found = optimize.least_squares(gap, [np.log(-np.log1p(-wanted[0])) - sd**2 / 2, 0.0], xtol=1e-12, ftol=1e-12)
        return cls(scale=float(np.exp(found.x[0])), shape=float(np.exp(found.x[1])))


@dataclass(frozen=True, kw_only=True, slots=True)
class Censoring:
    """When follow-up ends without an event: by the end of the study, or because the patient is lost before.

    Patients enter evenly over `accrual` years, so that the study's end finds them after `longest - accrual` to
    `longest` years.

    Raises
    ------
    ValueError
        If longest is not positive, accrual is not in [0, longest], or the rate of loss is negative.
    """

    longest: float  #: years from the first entry to the end of the study
    accrual: float = 0.0  #: years over which patients enter
    lost_per_year: float = 0.0  #: hazard of being lost to follow-up, the same for all

    def __post_init__(self) -> None:
        if not (self.longest > 0 and 0 <= self.accrual <= self.longest and self.lost_per_year >= 0):
            raise ValueError(f"longest must be positive, accrual within it, the loss not negative, got {self}")

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """(N,) years after which each patient would be censored."""
        end = self.longest - self.accrual * rng.random(count)
        lost = rng.standard_exponential(count)  # drawn in any case: what follows does not depend on the rate
        return np.asarray(np.minimum(end, lost / self.lost_per_year) if self.lost_per_year else end, np.float64)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Survival:
    """What came of N patients, and what the oracle knew of it."""

    time: Floats = field(repr=False)  #: (N,) years to the event or to censoring
    event: Bools = field(repr=False)  #: (N,)
    lp: Floats = field(repr=False)  #: (N,) the oracle's score: log-hazard without frailty
    baseline: Weibull
    frailty_sd: float

    def risk_at(self, time: float) -> Floats:
        """(N,) the oracle's risk of the event by a time (years), in 0..1, the frailty averaged out."""
        return mean_risk(self.baseline.cumulative(time) * np.exp(self.lp), self.frailty_sd)


def draw_survival(
    lp: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    baseline: Weibull,
    frailty_sd: float,
    censoring: Censoring,
) -> Survival:
    """Draw event and censoring times for (N,) log-hazards.

    Parameters
    ----------
    lp
        Log-hazard of each patient; 0 is the baseline's.
    rng
        Gives frailty, event times and censoring, in this order.
    baseline
        Of a patient with lp and frailty 0.
    frailty_sd
        SD of what the picture does not show, on the log-hazard.
    censoring
        Independent of lp and frailty.

    Raises
    ------
    ValueError
        If lp is not (N,) and finite, or frailty_sd is negative.
    """
    score = floats("lp", lp)
    if frailty_sd < 0:
        raise ValueError(f"frailty_sd must not be negative, got {frailty_sd}")
    frailty = frailty_sd * rng.standard_normal(score.size)
    came = baseline.time(rng.standard_exponential(score.size) / np.exp(score + frailty))
    ended = censoring.draw(score.size, rng)
    return Survival(
        time=np.minimum(came, ended), event=came <= ended, lp=score, baseline=baseline, frailty_sd=frailty_sd
    )  # fmt: skip


def mean_risk(hazard: npt.ArrayLike, sd: float) -> Floats:
    """E[1 - exp(-hazard * exp(w))] for w ~ N(0, sd), of each cumulative hazard; in 0..1."""
    nodes, weights = _normal()
    factors = np.exp(sd * nodes)
    return np.asarray(-np.expm1(-np.asarray(hazard, np.float64)[..., None] * factors) @ weights, np.float64)


@cache
def _normal() -> tuple[Floats, Floats]:
    """Nodes and weights of a mean over the standard normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes, weights / weights.sum()
