"""How well a score tells events from non-events: the area under the ROC curve, its interval, and paired differences."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from training.evaluation.interval import Z95, Bools, Floats, Interval, score_and_event


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """Difference of two areas on the same patients (first minus second), 95 % interval, and two-sided p."""

    difference: Interval
    z: float
    p: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Roc:
    """The ROC curve from (0, 0) to (1, 1): one point per distinct score, highest first, after the origin's infinity."""

    false_positive_rate: Floats
    true_positive_rate: Floats
    threshold: Floats


def auc(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Area under the ROC curve of (N,) scores: chance that an event scores above a non-event, ties half.

    Mann and Whitney's U over the number of pairs, from midranks.

    Raises
    ------
    ValueError
        If there is no event or no non-event.
    """
    s, y = score_and_event(score, event)
    ranks = stats.rankdata(s)
    n1 = int(y.sum())
    n0 = y.size - n1
    return float((ranks[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def delong_variance(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Variance of `auc` (DeLong, DeLong and Clarke-Pearson 1988), 0 if there is one event or one non-event only."""
    s, y = score_and_event(score, event)
    return _covariance(_placements(s, y), _placements(s, y))


def delong(score: npt.ArrayLike, event: npt.ArrayLike) -> Interval:
    """AUC with DeLong's interval on the logit scale (DeLong 1988; midranks of Sun and Xu 2014; logit: Pepe 2003)."""
    value, variance = auc(score, event), delong_variance(score, event)
    if value in (0.0, 1.0) or variance == 0:
        return Interval(value=value, low=value, high=value)
    half = Z95 * math.sqrt(variance) / (value * (1 - value))
    centre = math.log(value / (1 - value))
    return Interval(value=value, low=1 / (1 + math.exp(half - centre)), high=1 / (1 + math.exp(-half - centre)))


def delong_paired(first: npt.ArrayLike, second: npt.ArrayLike, event: npt.ArrayLike) -> Paired:
    """Compare the areas of two (N,) scores of the same patients (DeLong 1988, equation 5 with one contrast).

    Two scores of the same order have difference 0, z 0 and p 1.

    Raises
    ------
    ValueError
        If there is no event or no non-event, or lengths differ.
    """
    a, y = score_and_event(first, event)
    b, _ = score_and_event(second, event)
    placed_a, placed_b = _placements(a, y), _placements(b, y)
    variance = _covariance(placed_a, placed_a) + _covariance(placed_b, placed_b) - 2 * _covariance(placed_a, placed_b)
    difference = auc(a, y) - auc(b, y)
    error = math.sqrt(max(variance, 0.0))
    if error < 1e-12:  # the same order of patients: rounding only
        exact = Interval(value=difference, low=difference, high=difference)
        return Paired(difference=exact, z=0.0, p=1.0)
    z = difference / error
    interval = Interval(value=difference, low=difference - Z95 * error, high=difference + Z95 * error)
    return Paired(difference=interval, z=z, p=float(2 * stats.norm.sf(abs(z))))


def roc_curve(score: npt.ArrayLike, event: npt.ArrayLike) -> Roc:
    """Points of the ROC curve: positive is a score at or above the threshold.

    Raises
    ------
    ValueError
        If there is no event or no non-event.
    """
    s, y = score_and_event(score, event)
    order = np.argsort(-s, kind="stable")
    ends = np.flatnonzero(np.diff(s[order], append=-np.inf))
    true, false = np.cumsum(y[order])[ends], np.cumsum(~y[order])[ends]
    return Roc(
        false_positive_rate=np.r_[0.0, false / false[-1]],
        true_positive_rate=np.r_[0.0, true / true[-1]],
        threshold=np.r_[np.inf, s[order][ends]],
    )


def _placements(score: Floats, event: Bools) -> tuple[Floats, Floats]:
    """Share of non-events below each event (n1,), and of events above each non-event (n0,)."""
    positive, negative = score[event], score[~event]
    ranks = stats.rankdata(np.concatenate([positive, negative]))
    above = (ranks[: positive.size] - stats.rankdata(positive)) / negative.size
    below = 1 - (ranks[positive.size :] - stats.rankdata(negative)) / positive.size
    return above, below


def _covariance(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    parts = [float(np.cov(x, y)[0, 1]) / x.size if x.size > 1 else 0.0 for x, y in zip(a, b, strict=True)]
    return sum(parts)
