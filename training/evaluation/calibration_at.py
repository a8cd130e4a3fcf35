"""Does a predicted risk by a horizon come true, when some patients are censored before it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.calibration import Line, calibration_line, quantile_groups
from training.evaluation.interval import Bools, Floats, Interval, probabilities, time_and_event
from training.evaluation.kaplan_meier import censoring_survival, kaplan_meier


@dataclass(frozen=True, kw_only=True, slots=True)
class HorizonBin:
    """One group of a calibration plot at a horizon."""

    count: int
    events: int  #: seen by the horizon
    followed: int  #: beyond the horizon; if 0, what was observed last is carried forward to it
    predicted: float  #: mean risk
    observed: Interval  #: 1 - Kaplan and Meier at the horizon


@dataclass(frozen=True, kw_only=True, slots=True)
class HorizonCalibration:
    """Calibration at one horizon."""

    bins: tuple[HorizonBin, ...]  #: lowest predicted risk first
    error: float  #: integrated calibration index over the bins: mean |predicted - observed|, bins weighted by patients
    expected: float  #: mean predicted risk
    observed: Interval  #: risk of the whole cohort by Kaplan and Meier
    line: Line  #: logistic recalibration with censoring weights


def calibration_at(
    time: npt.ArrayLike, event: npt.ArrayLike, risk: npt.ArrayLike, horizon: float, count: int = 10
) -> HorizonCalibration:
    """Compare (N,) predicted risks of an event by the horizon with what Kaplan and Meier saw in `count` bins of risk.

    The line is of the outcome at the horizon on the log odds of risk: events by then weigh 1 / G(time), those followed
    beyond it 1 / G(horizon), those censored before it 0 (Austin, Harrell and van Klaveren 2020 for the bins; Gerds and
    Schumacher 2006 for the weights).

    Raises
    ------
    ValueError
        If lengths differ, a risk is outside [0, 1], or the horizon has no event before it or nobody followed beyond.
    """
    t, y = time_and_event(time, event)
    p = probabilities("risk", risk, t.size)
    case, control = y & (t <= horizon), t > horizon
    if not case.any() or not control.any():
        raise ValueError(f"at {horizon:g}: {int(case.sum())} cases and {int(control.sum())} controls, need both")
    groups = quantile_groups(p, count)
    bins = tuple(_bin(t, y, p, groups == group, horizon) for group in np.unique(groups))
    weight = _weights(t, y, case, control, horizon)
    return HorizonCalibration(
        bins=bins,
        error=sum(b.count * abs(b.predicted - b.observed.value) for b in bins) / t.size,
        expected=float(p.mean()),
        observed=risk_at(t, y, horizon),
        line=calibration_line(p, case, weight),
    )


def risk_at(time: npt.ArrayLike, event: npt.ArrayLike, horizon: float) -> Interval:
    """Risk of an event by the horizon, 1 - Kaplan and Meier, with its 95 % interval.

    Raises
    ------
    ValueError
        If shapes differ or a time is negative.
    """
    survival = kaplan_meier(time, event).interval_at(horizon)
    return Interval(value=1 - survival.value, low=1 - survival.high, high=1 - survival.low)


def _bin(time: Floats, event: Bools, risk: Floats, rows: Bools, horizon: float) -> HorizonBin:
    t, y = time[rows], event[rows]
    return HorizonBin(
        count=int(rows.sum()),
        events=int((y & (t <= horizon)).sum()),
        followed=int((t > horizon).sum()),
        predicted=float(risk[rows].mean()),
        observed=risk_at(t, y, horizon),
    )


def _weights(time: Floats, event: Bools, case: Bools, control: Bools, horizon: float) -> Floats:
    weight = np.zeros(time.size)
    weight[case] = 1 / censoring_survival(time, event, time[case])
    weight[control] = 1 / float(censoring_survival(time, event, horizon))
    return weight
