"""Is acting on a prediction better than treating all or none: net benefit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.calibration_at import risk_at
from training.evaluation.interval import flags, floats, probabilities, time_and_event


@dataclass(frozen=True, kw_only=True, slots=True)
class NetBenefit:
    """True positives per patient minus false positives weighed by the odds of the threshold. Treating none: 0."""

    threshold: float
    model: float  #: treat those at or above the threshold
    treat_all: float


def decision_curve(
    probability: npt.ArrayLike, event: npt.ArrayLike, thresholds: Sequence[float]
) -> tuple[NetBenefit, ...]:
    """Net benefit at each threshold probability: TP / N - FP / N * t / (1 - t) (Vickers and Elkin 2006).

    Raises
    ------
    ValueError
        If lengths differ, or a threshold is not inside (0, 1).
    """
    p = probabilities("probability", probability)
    y = flags("event", event, p.size)
    curve = []
    for t in _thresholds(thresholds):
        called = p >= t
        curve.append(NetBenefit(
            threshold=t, model=_net(float((called & y).mean()), float((called & ~y).mean()), t),
            treat_all=_net(float(y.mean()), float((~y).mean()), t),
        ))  # fmt: skip
    return tuple(curve)


def decision_curve_at(
    time: npt.ArrayLike, event: npt.ArrayLike, risk: npt.ArrayLike, horizon: float, thresholds: Sequence[float]
) -> tuple[NetBenefit, ...]:
    """Net benefit of (N,) risks by a horizon: the share of events among those called is 1 - Kaplan and Meier's curve.

    (Vickers, Cronin, Elkin and Gonen 2008.)

    Raises
    ------
    ValueError
        If lengths differ, a risk is outside [0, 1], or a threshold is not inside (0, 1).
    """
    t, y = time_and_event(time, event)
    p = probabilities("risk", risk, t.size)
    everybody = risk_at(t, y, horizon).value
    curve = []
    for threshold in _thresholds(thresholds):
        called = p >= threshold
        share = float(called.mean())
        ill = risk_at(t[called], y[called], horizon).value if called.any() else 0.0
        curve.append(NetBenefit(
            threshold=threshold, model=_net(share * ill, share * (1 - ill), threshold),
            treat_all=_net(everybody, 1 - everybody, threshold),
        ))  # fmt: skip
    return tuple(curve)


def _thresholds(thresholds: Sequence[float]) -> list[float]:
    at = floats("thresholds", np.asarray(thresholds))
    if at.min() <= 0 or at.max() >= 1:
        raise ValueError(f"thresholds must be inside (0, 1), got {at.min():g} to {at.max():g}")
    return [float(t) for t in at]


def _net(true_positive: float, false_positive: float, threshold: float) -> float:
    return true_positive - false_positive * threshold / (1 - threshold)
