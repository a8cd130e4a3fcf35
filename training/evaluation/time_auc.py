"""Discrimination by a horizon in censored data: cumulative/dynamic AUC."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import floats, time_and_event
from training.evaluation.kaplan_meier import censoring_survival, kaplan_meier


def auc_at(time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike, horizon: float) -> float:
    """Chance that one with an event by the horizon scores above one who is event-free after it, ties half.

    Cases (time <= horizon with an event) weigh 1 / G(time), controls (time > horizon) all the same; who is censored
    before the horizon is neither (Uno 2007; Hung and Chiang 2010). All arguments (N,), horizon in the unit of time.

    Raises
    ------
    ValueError
        If there is no case or no control at the horizon.
    """
    t, y = time_and_event(time, event)
    s = floats("score", score, t.size)
    case, control = y & (t <= horizon), t > horizon
    if not case.any() or not control.any():
        raise ValueError(f"at {horizon:g}: {int(case.sum())} cases and {int(control.sum())} controls, need both")
    weight = 1 / censoring_survival(t, y, t[case])  # positive: controls are still followed
    controls = np.sort(s[control])
    below = np.searchsorted(controls, s[case], side="left")
    ties = np.searchsorted(controls, s[case], side="right") - below
    return float(weight @ (below + ties / 2) / (weight.sum() * controls.size))


def mean_auc(time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike, horizons: Sequence[float]) -> float:
    """Average of `auc_at` over rising horizons, each weighted by the share of events since the one before.

    The share is the fall of the Kaplan-Meier curve (Lambert and Chevret 2016).

    Raises
    ------
    ValueError
        If horizons do not rise, nobody has an event by the last, or one of them has no case or no control.
    """
    t, y = time_and_event(time, event)
    at = floats("horizons", horizons)
    falls = -np.diff(np.r_[1.0, kaplan_meier(t, y).at(at)])
    if (np.diff(at) <= 0).any() or falls.sum() <= 0:
        raise ValueError("horizons must rise, and some event must lie before the last")
    return float(falls @ [auc_at(t, y, score, float(h)) for h in at] / falls.sum())
