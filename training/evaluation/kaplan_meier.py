"""Survival of a cohort: Kaplan and Meier's curve, the curve of censoring, and the log-rank test."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from training.evaluation.interval import Z95, Bools, Floats, Interval, Ints, time_and_event


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Curve:
    """A step function from 1 at time 0: its (K,) distinct follow-up times and what holds from each on."""

    time: Floats
    survival: Floats
    low: Floats  #: 95 %, log(-log) scale; equals `survival` where that is 0 or 1
    high: Floats
    at_risk: Ints  #: just before each time
    events: Ints  #: at each time

    def at(self, when: npt.ArrayLike) -> Floats:
        """Survival at each time (right-continuous), the last value after the last follow-up."""
        return _step(self.time, self.survival, when, before=1.0)

    def interval_at(self, when: float) -> Interval:
        """Survival at one time with its 95 % interval; without a width before the first follow-up time."""
        value, low, high = (float(_step(self.time, y, when, before=1.0)) for y in (self.survival, self.low, self.high))
        return Interval(value=value, low=low, high=high)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogRank:
    """Do the curves of G groups differ: chi-squared with G - 1 degrees of freedom."""

    statistic: float
    degrees_of_freedom: int
    p: float


def kaplan_meier(time: npt.ArrayLike, event: npt.ArrayLike) -> Curve:
    """Product-limit estimate from (N,) times and event flags (Kaplan and Meier 1958).

    Interval: Greenwood's variance on the log(-log) scale (Kalbfleisch and Prentice 1980). Who is censored at the time
    of an event is at risk of it.

    Raises
    ------
    ValueError
        If shapes differ or a time is negative.
    """
    t, y = time_and_event(time, event)
    times, at_risk, events, _ = _table(t, y)
    survival = np.asarray(np.cumprod(1 - events / at_risk), np.float64)
    low, high = _log_log(survival, at_risk, events)
    return Curve(time=times, survival=survival, low=low, high=high, at_risk=at_risk, events=events)


def censoring_survival(time: npt.ArrayLike, event: npt.ArrayLike, at: npt.ArrayLike) -> Floats:
    """G(t), the chance of not being censored up to and including t, at each time of `at`.

    Kaplan and Meier's estimate with the roles exchanged; at a tie the event comes before the censoring, so that those
    with an event at t are not at risk of being censored then.

    Raises
    ------
    ValueError
        If shapes differ or a time is negative.
    """
    t, y = time_and_event(time, event)
    times, at_risk, events, censored = _table(t, y)
    left = np.maximum(at_risk - events, 1)  # nobody left means nobody censored
    return _step(times, np.cumprod(1 - censored / left), at, before=1.0)


def log_rank(time: npt.ArrayLike, event: npt.ArrayLike, group: npt.ArrayLike) -> LogRank:
    """Log-rank test of equal survival in the groups of an (N,) label (Mantel 1966; G-sample form of Peto 1972).

    Raises
    ------
    ValueError
        If there is one group only, or nobody has an event.
    """
    t, y = time_and_event(time, event)
    labels, index = np.unique(np.asarray(group), return_inverse=True)
    if labels.size < 2 or index.shape != t.shape or not y.any():
        raise ValueError(f"need events and two groups or more of {t.size} rows, got {int(y.sum())} and {labels.size}")
    times = np.unique(t[y])
    member = index[:, None] == np.arange(labels.size)
    at_risk = np.stack([_count_from(t[rows], times) for rows in member.T], axis=1).astype(np.float64)  # (K, G)
    died = np.stack([_count_at(t[rows & y], times) for rows in member.T], axis=1).astype(np.float64)
    n, d = at_risk.sum(1), died.sum(1)
    share = at_risk / n[:, None]
    difference = (died - share * d[:, None]).sum(0)
    factor = d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    last = labels.size - 1
    statistic = float(difference[:last] @ np.linalg.pinv(covariance[:last, :last]) @ difference[:last])
    return LogRank(statistic=statistic, degrees_of_freedom=last, p=float(stats.chi2.sf(statistic, last)))


def _table(time: Floats, event: Bools) -> tuple[Floats, Ints, Ints, Ints]:
    """Distinct times, and at each: at risk, with an event, censored."""
    times, index, counts = np.unique(time, return_inverse=True, return_counts=True)
    events = np.bincount(index, weights=event, minlength=times.size).astype(np.int64)
    at_risk = np.cumsum(counts[::-1])[::-1].astype(np.int64)
    return times, at_risk, events, (counts - events).astype(np.int64)


def _log_log(survival: Floats, at_risk: Ints, events: Ints) -> tuple[Floats, Floats]:
    inside = (survival > 0) & (survival < 1)
    safe = np.where(inside, survival, 0.5)
    left = np.where(at_risk > events, at_risk - events, 1)
    greenwood = np.sqrt(np.cumsum(np.where(at_risk > events, events / (at_risk * left), 0.0)))
    half = Z95 * greenwood / np.abs(np.log(safe))
    low, high = safe ** np.exp(half), safe ** np.exp(-half)
    return np.where(inside, low, survival), np.where(inside, high, survival)


def _step(times: Floats, values: Floats, when: npt.ArrayLike, before: float) -> Floats:
    index = np.searchsorted(times, np.asarray(when, np.float64), side="right")
    return np.asarray(np.r_[before, values][index], np.float64)


def _count_from(times: Floats, at: Floats) -> Ints:
    return (times.size - np.searchsorted(np.sort(times), at, side="left")).astype(np.int64)


def _count_at(times: Floats, at: Floats) -> Ints:
    ordered = np.sort(times)
    return (np.searchsorted(ordered, at, "right") - np.searchsorted(ordered, at, "left")).astype(np.int64)
