"""Statistics of a yes-or-no outcome under (D, N) weights; each agrees with its namesake on repeated rows."""

import numpy as np

from training.evaluation.calibration import log_odds
from training.evaluation.interval import Bools, Floats
from training.evaluation.resampling import Statistic, ratio, ratio_each

RIDGE = 1e-6  # as in `calibration`


def auc(score: Floats, event: Bools) -> Statistic:
    """`discrimination.auc` of (N,) scores."""
    return lambda weights: weighted_auc(score, weights * event, weights * ~event)


def weighted_auc(score: Floats, case: Floats, control: Floats) -> Floats:
    """(D,) chance that a case scores above a control, ties half; each row weighs (D, N) as either."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    cases = np.add.reduceat(case[:, order], starts, axis=1)
    controls = np.add.reduceat(control[:, order], starts, axis=1)
    below = np.cumsum(controls, axis=1) - controls / 2
    return ratio(np.einsum("dk,dk->d", cases, below), cases.sum(1) * controls.sum(1))


def share(called: Bools, among: Bools) -> Statistic:
    """Share of (N,) called among others, such as sensitivity: called positive among events."""
    return lambda weights: ratio(weights @ (called & among), weights @ among)


def mean(values: Floats) -> Statistic:
    """Mean of (N,) values, such as the Brier score from squared errors."""
    return lambda weights: ratio(weights @ values, weights.sum(1))


def matched_specificity(score: Floats, comparator: Bools, event: Bools) -> Statistic:
    """Specificity of (N,) scores at the highest threshold whose sensitivity reaches the comparator's.

    The threshold is chosen anew on every draw, as the rule `match_sensitivity` chooses it on a cohort.
    """
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf))

    def statistic(weights: Floats) -> Floats:
        events, others = weights * event, weights * ~event
        wanted = ratio(events @ comparator, events.sum(1))
        seen = ratio_each(np.cumsum(events[:, order], axis=1)[:, ends], events.sum(1))
        false = ratio_each(np.cumsum(others[:, order], axis=1)[:, ends], others.sum(1))
        first = np.argmax(seen >= wanted[:, None] - 1e-12, axis=1)
        found = np.where(wanted > 0, np.take_along_axis(false, first[:, None], 1)[:, 0], 0)
        return np.asarray(np.where(np.isfinite(wanted), 1 - found, np.nan), np.float64)

    return statistic


def calibration(probability: Floats, event: Bools, parameter: str) -> Statistic:
    """One parameter of `calibration.calibration_line`: "intercept", "slope" or "in_the_large"."""
    x, y = log_odds(probability), event.astype(np.float64)
    return lambda weights: logistic_parameter(x, y, weights, parameter)


def logistic_parameter(x: Floats, event: Floats, weights: Floats, parameter: str) -> Floats:
    """(D,) maximum-likelihood logistic regression of (N,) events on log odds x under (D, N) weights.

    NaN where the weights leave events or non-events only.
    """
    both = (weights @ event > 0) & (weights @ (1 - event) > 0)
    fixed = parameter == "in_the_large"
    intercept, slope = np.zeros(len(weights)), np.full(len(weights), 1.0 if fixed else 0.0)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(intercept[:, None] + slope[:, None] * x, -35, 35)))
        rest, information = weights * (event - p), weights * np.maximum(p * (1 - p), 1e-10)
        gradient = rest.sum(1) - RIDGE * intercept
        curvature = information.sum(1) + RIDGE
        steps: tuple[Floats, ...]
        if fixed:
            steps = (gradient / curvature,)
        else:
            other = rest @ x - RIDGE * slope
            mixed, square = information @ x, information @ x**2 + RIDGE
            determinant = curvature * square - mixed**2
            steps = (
                (square * gradient - mixed * other) / determinant,
                (curvature * other - mixed * gradient) / determinant,
            )
        intercept = intercept + np.clip(steps[0], -5, 5)
        if not fixed:
            slope = slope + np.clip(steps[-1], -5, 5)
        if max(float(np.abs(step[both]).max(initial=0)) for step in steps) < 1e-9:
            break
    return np.where(both, slope if parameter == "slope" else intercept, np.nan)
