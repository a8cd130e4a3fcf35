"""Discrimination and calibration of a probability, with intervals. All in numpy, float64."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def auc(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Area under the ROC curve: chance that an event scores above a non-event, ties half.

    Raises
    ------
    ValueError
        If there is no event or no non-event.
    """
    s, y = _pair(score, event)
    ranks = stats.rankdata(s)
    n1 = int(y.sum())
    n0 = y.size - n1
    return float((ranks[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def delong(score: npt.ArrayLike, event: npt.ArrayLike) -> Interval:
    """AUC with DeLong's interval on the logit scale (DeLong 1988; fast form of Sun and Xu 2014)."""
    s, y = _pair(score, event)
    value = auc(s, y)
    positive, negative = s[y], s[~y]
    all_ranks = stats.rankdata(np.concatenate([positive, negative]))
    v10 = (all_ranks[: positive.size] - stats.rankdata(positive)) / negative.size
    v01 = 1 - (all_ranks[positive.size :] - stats.rankdata(negative)) / positive.size
    variance = v10.var(ddof=1) / positive.size + v01.var(ddof=1) / negative.size
    if value in (0.0, 1.0) or variance == 0:
        return Interval(value=value, low=value, high=value)
    half = 1.959964 * math.sqrt(variance) / (value * (1 - value))
    centre = math.log(value / (1 - value))
    return Interval(value=value, low=1 / (1 + math.exp(half - centre)), high=1 / (1 + math.exp(-half - centre)))


def logistic(x: npt.ArrayLike, event: npt.ArrayLike) -> tuple[float, float]:
    """Intercept and slope of the maximum-likelihood logistic regression of event (0..1, may be a share) on x.

    This is Platt's scaling when x are log odds of a network, and calibration intercept and slope when x are the log
    odds of predicted probabilities. A weak ridge (1e-6) keeps separable data finite.
    """
    design = np.column_stack([np.ones(np.size(x)), np.asarray(x, np.float64).ravel()])
    target = np.asarray(event, np.float64).ravel()
    beta = np.zeros(2)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -35, 35)))
        weight = np.maximum(p * (1 - p), 1e-10)
        hessian = design.T @ (design * weight[:, None]) + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (target - p) - 1e-6 * beta)
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])


def brier(probability: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Mean squared difference between probability and outcome."""
    return float(np.mean((np.asarray(probability, np.float64) - np.asarray(event, np.float64)) ** 2))


def _pair(score: npt.ArrayLike, event: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.bool_]]:
    s, y = np.asarray(score, np.float64).ravel(), np.asarray(event).astype(bool).ravel()
    if s.shape != y.shape or not y.any() or y.all():
        raise ValueError(
            f"need scores and outcomes of equal length with both outcomes, got {s.size} and {y.sum()} events"
        )
    return s, y
