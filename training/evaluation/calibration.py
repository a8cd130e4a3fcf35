"""Do predicted probabilities mean what they say: logistic recalibration, calibration error, isotonic map."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from training.evaluation.interval import Floats, flags, floats, probabilities

EDGE = 1e-12  # a predicted 0 or 1 is taken as this far from it: log odds stay finite


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Logistic recalibration. Perfect: intercept 0, slope 1, in_the_large 0."""

    intercept: float  #: of event on log odds, slope free
    slope: float
    in_the_large: float  #: intercept with the slope fixed at 1: positive when predictions are too low


@dataclass(frozen=True, kw_only=True, slots=True)
class Error:
    """Absolute difference between predicted and smoothed observed probability (Austin and Steyerberg 2019)."""

    ici: float  #: mean
    e50: float  #: median
    e90: float  #: 90th percentile
    maximum: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """One group of a calibration plot."""

    count: int
    events: float
    predicted: float  #: mean
    observed: float  #: share


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Isotonic:
    """A map that never falls: linear between (K,) knots, flat outside."""

    x: Floats
    y: Floats

    def __call__(self, probability: npt.ArrayLike) -> Floats:
        """Calibrated probability, the shape of what is given."""
        return np.asarray(np.interp(np.asarray(probability, np.float64), self.x, self.y), np.float64)


def log_odds(probability: npt.ArrayLike) -> Floats:
    """Log odds of (N,) probabilities; 0 and 1 count as 1e-12 and 1 - 1e-12."""
    p = np.clip(probabilities("probability", probability), EDGE, 1 - EDGE)
    return np.asarray(np.log(p / (1 - p)), np.float64)


def logistic(x: npt.ArrayLike, event: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> tuple[float, float]:
    """Intercept and slope of the maximum-likelihood logistic regression of event (0..1, may be a share) on x.

    This is Platt's scaling when x are log odds of a network, and calibration intercept and slope when x are the log
    odds of predicted probabilities. A weak ridge (1e-6) keeps separable data finite. `weight`: (N,), 1 if not given.
    """
    covariate = np.asarray(x, np.float64).ravel()
    beta = maximum_likelihood(
        np.column_stack([np.ones(covariate.size), covariate]), event, np.zeros(covariate.size), weight
    )
    return float(beta[0]), float(beta[1])


def calibration_line(probability: npt.ArrayLike, event: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Line:
    """Cox's calibration intercept and slope, and calibration in the large (Cox 1958; Van Calster 2019).

    `probability`, `event` and `weight` (1 if not given) are (N,).

    Raises
    ------
    ValueError
        If lengths differ, or a probability is outside [0, 1].
    """
    x = log_odds(probability)
    y = flags("event", event, x.size)
    intercept, slope = logistic(x, y, weight)
    large = maximum_likelihood(np.ones((x.size, 1)), y, x, weight)
    return Line(intercept=intercept, slope=slope, in_the_large=float(large[0]))


def maximum_likelihood(
    design: Floats, event: npt.ArrayLike, offset: Floats | float = 0.0, weight: npt.ArrayLike | None = None
) -> Floats:
    """(K,) coefficients of the logistic regression of event (0..1) on an (N, K) design, which has its own column of 1.

    A weak ridge (1e-6) keeps separable data finite. `offset`: (N,) or 0, added with coefficient 1. `weight`: (N,).
    """
    target = np.asarray(event, np.float64).ravel()
    prior = np.ones(target.size) if weight is None else floats("weight", weight, target.size)
    ridge = 1e-6 * np.eye(design.shape[1])
    beta = np.zeros(design.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta + offset, -35, 35)))
        information = np.maximum(p * (1 - p), 1e-10) * prior
        step = np.linalg.solve(
            design.T @ (design * information[:, None]) + ridge, design.T @ ((target - p) * prior) - ridge @ beta
        )
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return beta


def brier(probability: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Mean squared difference between probability and outcome (Brier 1950)."""
    return float(np.mean((np.asarray(probability, np.float64) - np.asarray(event, np.float64)) ** 2))


def isotonic(x: npt.ArrayLike, event: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Isotonic:
    """Pool adjacent violators of the share of events by (N,) score or probability (Zadrozny and Elkan 2002).

    `weight`: (N,) and positive, 1 if not given.

    Raises
    ------
    ValueError
        If lengths differ.
    """
    score = floats("x", x)
    y = flags("event", event, score.size)
    prior = np.ones(score.size) if weight is None else floats("weight", weight, score.size)
    knots, group = np.unique(score, return_inverse=True)
    total = np.bincount(group, weights=prior)
    fitted = optimize.isotonic_regression(np.bincount(group, weights=prior * y) / total, weights=total).x
    return Isotonic(x=knots, y=np.asarray(fitted, np.float64))


def bins(probability: npt.ArrayLike, event: npt.ArrayLike, count: int = 10) -> tuple[Bin, ...]:
    """Groups of nearly equal size by predicted probability, lowest first; equal predictions stay together.

    Raises
    ------
    ValueError
        If lengths differ or count is not positive.
    """
    p = probabilities("probability", probability)
    y = flags("event", event, p.size)
    groups = quantile_groups(p, count)
    return tuple(
        Bin(count=int(rows.sum()), events=float(y[rows].sum()), predicted=float(p[rows].mean()),
            observed=float(y[rows].mean()))
        for rows in (groups == group for group in np.unique(groups))
    )  # fmt: skip


def quantile_groups(values: npt.ArrayLike, count: int) -> npt.NDArray[np.int64]:
    """(N,) group of each value, 0 to count - 1, cut at quantiles; equal values are in one group, a group may be empty.

    Raises
    ------
    ValueError
        If count is not positive.
    """
    array = floats("values", values)
    if count < 1:
        raise ValueError(f"count must be positive, got {count}")
    cuts = np.quantile(array, np.arange(1, count) / count)
    return np.searchsorted(cuts, array, side="left").astype(np.int64)


def calibration_error(probability: npt.ArrayLike, smoothed: npt.ArrayLike) -> Error:
    """Integrated calibration index and its companions from (N,) predictions and their smoothed observed values."""
    p = probabilities("probability", probability)
    distance = np.abs(p - floats("smoothed", smoothed, p.size))
    return Error(
        ici=float(distance.mean()), e50=float(np.median(distance)), e90=float(np.quantile(distance, 0.9)),
        maximum=float(distance.max()),
    )  # fmt: skip
