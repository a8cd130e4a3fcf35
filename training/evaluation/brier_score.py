"""Error of predicted risk by a horizon in censored data: Brier score and its integral."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import floats, probabilities, time_and_event
from training.evaluation.kaplan_meier import censoring_survival


def brier_at(time: npt.ArrayLike, event: npt.ArrayLike, risk: npt.ArrayLike, horizon: float) -> float:
    """Mean squared error of the (N,) predicted chance of an event by the horizon (Graf 1999).

    Events by the horizon weigh 1 / G(time), those still followed 1 / G(horizon), those censored before it 0.

    Raises
    ------
    ValueError
        If risk is outside [0, 1], or nobody is followed beyond the horizon.
    """
    t, y = time_and_event(time, event)
    p = probabilities("risk", risk, t.size)
    case, control = y & (t <= horizon), t > horizon
    if not control.any():
        raise ValueError(f"nobody is followed beyond {horizon:g}")
    weight = np.zeros(t.size)
    weight[case] = 1 / censoring_survival(t, y, t[case])
    weight[control] = 1 / float(censoring_survival(t, y, horizon))
    return float(np.mean(weight * (case - p) ** 2))


def integrated_brier(
    time: npt.ArrayLike, event: npt.ArrayLike, risks: npt.ArrayLike, horizons: Sequence[float]
) -> float:
    """Mean of `brier_at` from the first to the last horizon, by trapezoids (Graf 1999).

    `risks`: (N, H), one column per rising horizon.

    Raises
    ------
    ValueError
        If there are fewer than two horizons, they do not rise, or `risks` has another shape.
    """
    at = floats("horizons", horizons)
    table = np.asarray(risks, np.float64)
    size = np.size(time)
    if at.size < 2 or (np.diff(at) <= 0).any() or table.shape != (size, at.size):
        raise ValueError(f"need two rising horizons or more and risks ({size}, {at.size}), got {table.shape}")
    scores = [brier_at(time, event, column, float(h)) for column, h in zip(table.T, at, strict=True)]
    return float(np.trapezoid(scores, at) / (at[-1] - at[0]))
