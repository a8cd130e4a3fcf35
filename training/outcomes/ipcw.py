"""Weights that undo censoring (inverse probability of censoring weighting, IPCW).

A loss masked by what is known keeps every event and drops who was censored before a year's end: late risks come out too
high. Weighted by 1 / G, G being the probability of not being censored so far, those who stay stand for those who left.
"""

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Bools, Floats, time_and_event
from training.evaluation.kaplan_meier import censoring_survival

LARGEST = 20.0  # of a weight: G close to 0 rests on a handful of people; assumption
Floats32 = npt.NDArray[np.float32]


def by_each_bin(
    time: npt.ArrayLike, event: npt.ArrayLike, bins: int, *, width: float = 1.0
) -> tuple[Floats32, Floats32]:
    """What is known of each patient at the end of each time bin, and how much it counts.

    Parameters
    ----------
    time, event
        (N,) years to the event or to censoring, and which it was.
    bins
        How many; bin k ends after k * width years.
    width
        Of a bin, years.

    Returns
    -------
    happened, weight
        (N, bins) float32: 1 for an event by the bin's end; 1 / G(time-) for an event by then, 1 / G(end-) for who is
        known to be without one then, 0 for who was censored before. Weights are about 1 on average.

    Raises
    ------
    ValueError
        If shapes differ, or a time is negative or not finite.
    """
    t, e = time_and_event(time, event)
    ends = width * np.arange(1, bins + 1)
    happened = e[:, None] & (t[:, None] <= ends)
    free = ~happened & (t[:, None] >= ends)
    own, late = (np.clip(_before(t, e, at), 1 / LARGEST, 1) for at in (t, np.asarray(ends, np.float64)))
    own, late = own[:, None], late[None]
    weight = np.where(happened, 1 / own, np.where(free, 1 / late, 0.0))
    return happened.astype(np.float32), weight.astype(np.float32)


def _before(time: Floats, event: Bools, at: Floats) -> Floats:
    """G just before each time."""
    return censoring_survival(time, event, np.nextafter(at, -np.inf).clip(min=0))
