"""What is known of each patient at the end of each year, what it counts for, and calibration on it."""

import numpy as np
import numpy.typing as npt
from scipy import optimize

from models.calibration_by_year import YearlyCalibration
from training.evaluation.interval import Floats, time_and_event
from training.evaluation.kaplan_meier import censoring_survival

SIGNIFICANT = 5  # digits of a knot: more would be noise


def inverse_probability(time: npt.ArrayLike, event: npt.ArrayLike, years: int) -> tuple[Floats, Floats]:
    """Outcome of each patient by each year, and its weight by the chance of being known (Robins 1993; Graf 1999).

    Who is censored before a year's end is unknown then. Leaving them out alone overstates late risks: those who die
    stay known however short their follow-up would have been. So who is known stands for the unknown as well: an event
    at t weighs 1 / G(t), a patient alive at the year's end 1 / G(year), G being the chance of not yet being censored.

    Parameters
    ----------
    time, event
        (N,) follow-up in years, and whether it ended with the event.
    years
        How many year ends.

    Returns
    -------
    happened, weight
        (N, years) each. The weights of a column sum to about N; a year that nobody outlives in view has weight 0.

    Raises
    ------
    ValueError
        If shapes differ or a time is negative.
    """
    t, y = time_and_event(time, event)
    ends = np.arange(1, years + 1, dtype=np.float64)
    came = y[:, None] & (t[:, None] <= ends)
    alive = t[:, None] >= ends
    # just before: whoever is censored at the very time was in view until then
    at_event = censoring_survival(t, y, np.nextafter(t, 0))
    at_end = censoring_survival(t, y, np.nextafter(ends, 0))
    weight = came / np.maximum(at_event, 1e-9)[:, None] + (alive & ~came) / np.maximum(at_end, 1e-9)
    weight[:, ~(alive & ~came).any(0)] = 0
    return came.astype(np.float64), np.asarray(weight, np.float64)


def calibrate(risk: Floats, target: Floats, weight: Floats) -> YearlyCalibration:
    """Centred isotonic regression of each year's outcome on its predicted risk (Oron and Flournoy 2017).

    Plain isotonic regression is a staircase: patients of one step could no longer be told apart. Here each step is one
    knot at its middle, and the ends are tied to 0 and 1.

    Parameters
    ----------
    risk, target, weight
        (N, years) predicted risks, outcomes (or true risks) in 0..1, and what they count for.

    Raises
    ------
    ValueError
        If shapes differ.
    """
    if not risk.shape == target.shape == weight.shape or risk.ndim != 2:
        raise ValueError(f"risk, target and weight must have one shape, got {risk.shape}, {target.shape}")
    return YearlyCalibration(maps=tuple(_knots(*columns) for columns in zip(risk.T, target.T, weight.T, strict=True)))


def _knots(risk: Floats, target: Floats, weight: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    known = weight > 0
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    if known.any():
        order = np.argsort(risk[known], kind="stable")
        x, y, w = risk[known][order], target[known][order], weight[known][order]
        fitted = optimize.isotonic_regression(y, weights=w)
        for first, last in zip(fitted.blocks[:-1], fitted.blocks[1:], strict=True):
            share = w[first:last]
            knots.append((float(x[first:last] @ share / share.sum()), float(fitted.x[first])))
    else:  # nothing is known of this year: left as it is
        knots.append((0.5, 0.5))
    knots.append((1.0, 1.0))
    rounded = [tuple(float(f"{number:.{SIGNIFICANT}g}") for number in knot) for knot in knots]
    kept = [rounded[0]]
    for one in rounded[1:-1]:
        if kept[-1][0] < one[0] < 1:
            kept.append(one)
    kept.append(rounded[-1])
    return tuple(k[0] for k in kept), tuple(k[1] for k in kept)
