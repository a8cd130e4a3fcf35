"""How much faster one of two groups has events: the hazard ratio of Cox's model with one covariate."""

import math

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Z95, Interval, floats, time_and_event

STEPS = 50


def hazard_ratio(time: npt.ArrayLike, event: npt.ArrayLike, covariate: npt.ArrayLike) -> Interval:
    """Hazard ratio per unit of an (N,) covariate, such as 0 and 1 of two groups (Cox 1972; ties: Breslow 1974).

    Wald's 95 % interval. Rows count as independent.

    Raises
    ------
    ValueError
        If nobody has an event, the covariate is the same for all, or the ratio is 0 or infinite.
    """
    t, y = time_and_event(time, event)
    x = floats("covariate", covariate, t.size)
    if not y.any() or np.ptp(x) == 0:
        raise ValueError(f"need events and two values of the covariate, got {int(y.sum())} events")
    order = np.argsort(-t, kind="stable")
    t, y, x = t[order], y[order], x[order]
    last = np.searchsorted(-t, -t[y], side="right") - 1  # last row at risk with each event: equal times are at risk
    beta = 0.0
    for _ in range(STEPS):
        risk = np.exp(beta * (x - x.mean()))
        sums = [np.cumsum(risk * x**power)[last] for power in (0, 1, 2)]
        mean = sums[1] / sums[0]
        information = float((sums[2] / sums[0] - mean**2).sum())
        if information <= 1e-9 or abs(beta) > 30:
            raise ValueError("the hazard ratio is 0 or infinite: one group has no event")
        step = float((x[y] - mean).sum()) / information
        beta += max(-2.0, min(2.0, step))
        if abs(step) < 1e-10:
            break
    half = Z95 / math.sqrt(information)
    return Interval(value=math.exp(beta), low=math.exp(beta - half), high=math.exp(beta + half))
