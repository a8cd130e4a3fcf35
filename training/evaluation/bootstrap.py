"""Percentile bootstrap that draws patients, not rows: several scans of one patient come and go together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Floats, Interval, Ints

DRAWS = 2000


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Draws:
    """What K statistics came to on the cohort and on each drawn cohort."""

    value: Floats  #: (K,) on the cohort itself
    drawn: Floats  #: (D, K), without failed draws
    failed: int  #: draws on which a statistic does not exist (no event, for example)

    def interval(self, k: int = 0) -> Interval:
        """Statistic k with its 2.5th and 97.5th percentile (Efron 1981)."""
        return _percentiles(float(self.value[k]), self.drawn[:, k])

    def difference(self, first: int, second: int) -> Interval:
        """Statistic `first` minus `second` on the same draws: paired."""
        return _percentiles(float(self.value[first] - self.value[second]), self.drawn[:, first] - self.drawn[:, second])

    def p(self, first: int, second: int) -> float:
        """Two-sided p of no difference: twice the smaller tail at 0, never 0 (Davison and Hinkley 1997, 4.2)."""
        gap = self.drawn[:, first] - self.drawn[:, second]
        tail = min(int((gap <= 0).sum()), int((gap >= 0).sum()))
        return min(1.0, 2 * (tail + 1) / (gap.size + 1))


def bootstrap(
    statistics: Callable[[Ints], Sequence[float]],
    patients: npt.ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Draws:
    """Draw as many patients as there are, with replacement, `draws` times.

    `statistics` is given row indices (a row as often as its patient was drawn) and returns K numbers; a ValueError or
    a number that is not finite fails the draw. `patients`: (N,) identifier of each row's patient.

    Raises
    ------
    ValueError
        If a statistic does not exist on the cohort itself, or on more than half of the draws.
    """
    rows_by_patient, starts, counts = _by_patient(patients)
    value = np.asarray(statistics(np.arange(rows_by_patient.size)), np.float64)
    if not np.isfinite(value).all():
        raise ValueError("a statistic is not finite on the cohort itself")
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        chosen = rng.integers(0, counts.size, counts.size)
        numbers = _try(statistics, rows_by_patient[_spans(starts[chosen], counts[chosen])])
        if numbers is not None:
            drawn.append(numbers)
    if 2 * len(drawn) < draws or not drawn:
        raise ValueError(f"{draws - len(drawn)} of {draws} draws have no such statistic: too few patients or events")
    return Draws(value=value, drawn=np.stack(drawn), failed=draws - len(drawn))


def _try(statistics: Callable[[Ints], Sequence[float]], rows: Ints) -> Floats | None:
    try:
        numbers = np.asarray(statistics(rows), np.float64)
    except ValueError:  # what every statistic here raises when a draw lacks events or non-events
        return None
    return numbers if np.isfinite(numbers).all() else None


def _by_patient(patients: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Rows sorted by patient, where each patient starts, and how many rows it has."""
    _, index = np.unique(np.asarray(patients), return_inverse=True)
    counts = np.bincount(index).astype(np.int64)
    return np.argsort(index, kind="stable").astype(np.int64), np.cumsum(counts) - counts, counts


def _spans(starts: Ints, counts: Ints) -> Ints:
    """starts[0], starts[0] + 1, ... (counts[0] of them), starts[1], ..."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(ends[-1]) + np.repeat(starts - (ends - counts), counts), np.int64)


def _percentiles(value: float, drawn: Floats) -> Interval:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Interval(value=value, low=float(low), high=float(high))
