"""How far a predicted number is from the true one: error, bias, limits of agreement, order, interval coverage."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from training.evaluation.interval import Z95, Interval, floats
from training.evaluation.operating import Share, share


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Predicted minus true (Bland and Altman 1986): bias and limits, each with its 95 % interval."""

    bias: Interval
    lower_limit: Interval
    upper_limit: Interval
    standard_deviation: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Errors:
    """Errors of a predicted number, in its unit unless said otherwise."""

    count: int
    mae: float
    mape: float | None  #: per cent of the true value, None if a true value is 0
    rmse: float
    spearman: float | None  #: None if predicted or true values are all the same


def errors(predicted: npt.ArrayLike, true: npt.ArrayLike) -> Errors:
    """Mean absolute (percentage) error, root mean square error, rank correlation of (N,) values.

    Raises
    ------
    ValueError
        If lengths differ or a value is not finite.
    """
    p = floats("predicted", predicted)
    t = floats("true", true, p.size)
    off = np.abs(p - t)
    ordered = np.ptp(p) > 0 and np.ptp(t) > 0
    return Errors(
        count=p.size,
        mae=float(off.mean()),
        mape=float(100 * np.mean(off / np.abs(t))) if (t != 0).all() else None,
        rmse=math.sqrt(float(np.mean(off**2))),
        spearman=float(np.corrcoef(stats.rankdata(p), stats.rankdata(t))[0, 1]) if ordered else None,
    )


def bland_altman(predicted: npt.ArrayLike, true: npt.ArrayLike) -> Agreement:
    """Bias and 95 % limits of agreement, bias +- 1.96 SD of the differences.

    Standard errors SD / sqrt(N) for the bias and SD * sqrt(3 / N) for a limit, with Student's t (Bland and Altman
    1986, page 309).

    Raises
    ------
    ValueError
        If lengths differ or there are fewer than two values.
    """
    p = floats("predicted", predicted)
    difference = p - floats("true", true, p.size)
    if p.size < 2:
        raise ValueError("limits of agreement need two values or more, got 1")
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    width = float(stats.t.ppf(0.975, p.size - 1)) * spread / math.sqrt(p.size)
    return Agreement(
        bias=_around(bias, width),
        lower_limit=_around(bias - Z95 * spread, math.sqrt(3) * width),
        upper_limit=_around(bias + Z95 * spread, math.sqrt(3) * width),
        standard_deviation=spread,
    )


def coverage(low: npt.ArrayLike, high: npt.ArrayLike, true: npt.ArrayLike) -> Share:
    """How many true (N,) values lie inside their predicted intervals, ends included.

    Raises
    ------
    ValueError
        If lengths differ, or an interval ends before it begins.
    """
    a = floats("low", low)
    b, t = floats("high", high, a.size), floats("true", true, a.size)
    if (a > b).any():
        raise ValueError(f"{int((a > b).sum())} intervals end before they begin")
    return share(int(((a <= t) & (t <= b)).sum()), a.size)


def _around(value: float, half: float) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)
