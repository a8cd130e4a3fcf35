"""The bootstrap of `bootstrap`, many draws at once: a draw is a row of weights, how often each patient was drawn.

A statistic here is a function of (D, N) weights to (D,) values. With weights of 1 it is the statistic on the cohort;
with whole weights, that on rows repeated so often. 2,000 draws over 1,000 patients then take a fraction of a second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import DRAWS
from training.evaluation.interval import Bools, Floats, Interval, Ints

Statistic = Callable[[Floats], Floats]
AT_ONCE = 2_000_000  # weights in one call: 16 MB, so that a few temporaries fit beside them


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """A statistic on the cohort and on each drawn cohort."""

    value: float  #: NaN where the statistic does not exist
    drawn: Floats = field(repr=False)  #: (D,), NaN where a draw has no such statistic (no event, for example)

    @property
    def failed(self) -> int:
        """Draws without the statistic."""
        return int((~np.isfinite(self.drawn)).sum())

    def interval(self) -> Interval | None:
        """Value with its 2.5th and 97.5th percentile (Efron 1981).

        None if the value does not exist, or more than half of the draws have none.
        """
        there = self.drawn[np.isfinite(self.drawn)]
        if not np.isfinite(self.value) or not there.size or 2 * there.size < self.drawn.size:
            return None
        low, high = np.percentile(there, (2.5, 97.5))
        return Interval(value=self.value, low=float(low), high=float(high))


class Resamples:
    """The same `draws` draws of patients for every statistic of a cohort: all comparisons are paired."""

    def __init__(self, patients: npt.ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> None:
        """`patients`: (N,) identifier of each row's patient.

        Raises
        ------
        ValueError
            If there is nobody, or draws is not positive.
        """
        identifiers = np.asarray(patients)
        if identifiers.ndim != 1 or not identifiers.size or draws < 1:
            raise ValueError(f"need patients (N,) and draws, got {identifiers.shape} and {draws}")
        _, self._index = np.unique(identifiers, return_inverse=True)
        self.draws = draws
        self.patients = int(self._index.max()) + 1
        rng = np.random.default_rng(seed)
        self._counts = np.stack([
            np.bincount(rng.integers(0, self.patients, self.patients), minlength=self.patients).astype(np.uint16)
            for _ in range(draws)
        ])  # fmt: skip

    def of(self, statistic: Statistic, rows: Bools | Ints | None = None) -> Estimate:
        """The statistic on the cohort, or on some of its rows, and on every draw."""
        index = self._index if rows is None else self._index[rows]
        if not index.size:
            return Estimate(value=np.nan, drawn=np.full(self.draws, np.nan))
        value = float(statistic(np.ones((1, index.size)))[0])
        step = max(1, AT_ONCE // index.size)
        parts = [
            statistic(self._counts[start : start + step][:, index].astype(np.float64))
            for start in range(0, self.draws, step)
        ]
        return Estimate(value=value, drawn=np.concatenate(parts))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """First minus second on the same draws: paired.

    Raises
    ------
    ValueError
        If they come from another number of draws.
    """
    if first.drawn.shape != second.drawn.shape:
        raise ValueError(f"draws must be the same, got {first.drawn.size} and {second.drawn.size}")
    return Estimate(value=first.value - second.value, drawn=first.drawn - second.drawn)


def p_of_zero(gap: Estimate) -> float:
    """Two-sided p of a difference being 0: twice the smaller tail, never 0 (Davison and Hinkley 1997, 4.2).

    NaN if the difference has no interval.
    """
    if gap.interval() is None:
        return float("nan")
    there = gap.drawn[np.isfinite(gap.drawn)]
    tail = min(int((there <= 0).sum()), int((there >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (there.size + 1))


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Numerator / denominator, NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(denominator > 0, numerator / denominator, np.nan), np.float64)


def ratio_each(values: Floats, total: Floats) -> Floats:
    """(D, K) values over their (D,) totals, NaN where a total is 0."""
    return ratio(values, np.broadcast_to(total[:, None], values.shape))
