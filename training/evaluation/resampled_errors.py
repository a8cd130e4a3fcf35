"""Errors of a predicted number under (D, N) weights; each agrees with its namesake on repeated rows."""

import numpy as np

from training.evaluation.interval import Z95, Floats
from training.evaluation.resampling import Statistic, ratio


def standard_deviation(difference: Floats, multiple: float = 1.0, bias: float = 0.0) -> Statistic:
    """`bias` x mean + `multiple` x standard deviation (n - 1) of (N,) differences."""

    def statistic(weights: Floats) -> Floats:
        n = weights.sum(1)
        mean = ratio(weights @ difference, n)
        square = ratio(weights @ difference**2 - n * mean**2, n - 1)
        return np.asarray(bias * mean + multiple * np.sqrt(np.maximum(square, 0)), np.float64)

    return statistic


def limit(difference: Floats, side: int) -> Statistic:
    """Lower (side -1) or upper (1) limit of agreement of `regression.bland_altman`."""
    return standard_deviation(difference, side * Z95, 1.0)


def spearman(first: Floats, second: Floats) -> Statistic:
    """Rank correlation of (N,) values; NaN where a draw has one value only."""

    def statistic(weights: Floats) -> Floats:
        a, b = _ranks(first, weights), _ranks(second, weights)
        n = weights.sum(1)
        a = a - ratio((weights * a).sum(1), n)[:, None]
        b = b - ratio((weights * b).sum(1), n)[:, None]
        spread = (weights * a**2).sum(1) * (weights * b**2).sum(1)
        return ratio((weights * a * b).sum(1), np.sqrt(np.maximum(spread, 0)))

    return statistic


def _ranks(values: Floats, weights: Floats) -> Floats:
    """(D, N) midranks of the repeated rows."""
    distinct, index = np.unique(values, return_inverse=True)
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(distinct.size))
    here = np.add.reduceat(weights[:, order], starts, axis=1)
    rank = np.cumsum(here, axis=1) - here / 2 + 0.5
    return np.asarray(rank[:, index], np.float64)
