"""The map that makes a bundle's outputs agree with a cohort, and how well they agree."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.recalibration import Recalibration
from screening.errors import ConfigurationError
from training.cohorts.folds import folds_of
from training.evaluation import calibration as binary
from training.evaluation.interval import Bools, Floats
from training.evaluation.kaplan_meier import censoring_survival
from training.evaluation.regression import bland_altman, errors
from training.evaluation.scored import ScoredCohort
from training.evaluation.subgroups import EVENTS_NEEDED

METHODS = ("intercept", "intercept+slope", "isotonic")
FOLDS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """What an output shall agree with, on the rows where both are known."""

    name: str  #: of the output
    predicted: Floats
    true: Floats  #: 0 or 1, or the true number
    weight: Floats  #: positive; of censoring, else 1
    patients: tuple[str, ...]
    probability: bool

    @property
    def events(self) -> int | None:
        """How many; None of a measured number."""
        return int(self.true.sum()) if self.probability else None

    def take(self, rows: Bools) -> "Target":
        """Some rows."""
        return Target(
            name=self.name, predicted=self.predicted[rows], true=self.true[rows], weight=self.weight[rows],
            patients=tuple(p for p, inside in zip(self.patients, rows, strict=True) if inside),
            probability=self.probability,
        )  # fmt: skip


def binary_target(scored: ScoredCohort, name: str, event: str) -> Target:
    """A probability of a yes-or-no outcome."""
    rows = scored.known(name, event)
    return _target(scored, name, rows, scored.values[event][rows], np.ones(int(rows.sum())))


def number_target(scored: ScoredCohort, name: str, true: str) -> Target:
    """A measured number."""
    rows = scored.known(name, true)
    found = _target(scored, name, rows, scored.values[true][rows], np.ones(int(rows.sum())))
    return Target(**{**found.__dict__, "probability": False})


def horizon_target(scored: ScoredCohort, name: str, horizon: float) -> Target:
    """A risk by a horizon (years): who is censored before it weighs 0 and is left out, the others 1 / G."""
    known = scored.known(name, "time", "event")
    time, event = scored.values["time"][known], scored.values["event"][known] == 1
    case, control = event & (time <= horizon), time > horizon
    g = censoring_survival(time, event, np.where(case, time, horizon)) if time.size else time
    told = (case | control) & (g > 0)
    rows = known.copy()
    rows[known] = told
    return _target(scored, name, rows, case[told].astype(np.float64), 1 / g[told])


def _target(scored: ScoredCohort, name: str, rows: Bools, true: Floats, weight: Floats) -> Target:
    return Target(
        name=name, predicted=scored.values[name][rows], true=true, weight=weight,
        patients=tuple(scored.patient_id[rows].tolist()), probability=True,
    )  # fmt: skip


def enough(target: Target) -> str | None:
    """Why a target cannot teach a map, or None."""
    if not target.probability:
        return None if target.true.size >= EVENTS_NEEDED else f"{target.true.size} rows, {EVENTS_NEEDED} are needed"
    rarer = min(int(target.true.sum()), int((1 - target.true).sum()))
    return None if rarer >= EVENTS_NEEDED else f"{rarer} events or non-events, {EVENTS_NEEDED} are needed"


def fit(target: Target, method: str) -> Recalibration:
    """The map.

    Raises
    ------
    ConfigurationError
        If the method is unknown, or higher predictions go with fewer events.
    """
    if method not in METHODS:
        raise ConfigurationError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    try:
        return _fit_probability(target, method) if target.probability else _fit_number(target, method)
    except ValueError as error:
        raise ConfigurationError(
            f"{target.name} cannot be recalibrated by {method}: {error}; the predictions may not order these patients"
        ) from error


def _fit_probability(target: Target, method: str) -> Recalibration:
    if method == "isotonic":
        found = binary.isotonic(target.predicted, target.true, target.weight)
        edge = 0.5 / target.true.size  # no group is certain to live or to die
        return _knots(found.x, np.clip(found.y, edge, 1 - edge))
    x = binary.log_odds(target.predicted)
    if method == "intercept":
        beta = binary.maximum_likelihood(np.ones((x.size, 1)), target.true, x, target.weight)
        return Recalibration(method=method, intercept=float(beta[0]))
    intercept, slope = binary.logistic(x, target.true, target.weight)
    return Recalibration(method=method, intercept=intercept, slope=slope)


def _fit_number(target: Target, method: str) -> Recalibration:
    if method == "intercept":
        return Recalibration(method="linear", intercept=float((target.true - target.predicted).mean()))
    if method == "intercept+slope":
        slope, intercept = np.polyfit(target.predicted, target.true, 1)
        return Recalibration(method="linear", intercept=float(intercept), slope=float(slope))
    from scipy import optimize  # noqa: PLC0415 (only here)

    knots, group = np.unique(target.predicted, return_inverse=True)
    counts = np.bincount(group).astype(np.float64)
    fitted = optimize.isotonic_regression(np.bincount(group, weights=target.true) / counts, weights=counts).x
    return _knots(knots, np.asarray(fitted, np.float64))


def _knots(x: Floats, y: Floats) -> Recalibration:
    """Without the knots inside a flat stretch."""
    keep = (
        np.r_[True, (np.diff(y)[:-1] != 0) | (np.diff(y)[1:] != 0), True] if x.size > 2 else np.ones(x.size, np.bool_)
    )
    return Recalibration(method="isotonic", x=tuple(x[keep].tolist()), y=tuple(y[keep].tolist()))


def cross_fitted(target: Target, method: str, seed: int = 0) -> Floats | None:
    """(N,) recalibrated predictions, each by a map that has not seen its patient; None with too few patients."""
    if len(set(target.patients)) < FOLDS:
        return None
    fold = np.asarray(folds_of(list(target.patients), FOLDS, seed=seed))
    made = np.empty(target.predicted.size)
    for number in range(FOLDS):
        away = fold == number
        made[away] = fit(target.take(~away), method)(target.predicted[away])
    return made


def agreement(target: Target, predicted: Floats) -> Mapping[str, float]:
    """How predictions agree with the target."""
    if not target.probability:
        found = bland_altman(predicted, target.true)
        return {"bias": found.bias.value, "mae": errors(predicted, target.true).mae, "sd": found.standard_deviation}
    p = np.clip(predicted, 0, 1)
    line = binary.calibration_line(p, target.true, target.weight)
    total = target.weight.sum()
    return {
        "mean_predicted": float(target.weight @ p / total),
        "observed": float(target.weight @ target.true / total),
        "intercept": line.intercept, "slope": line.slope, "in_the_large": line.in_the_large,
        "brier": float(target.weight @ (p - target.true) ** 2 / total),
    }  # fmt: skip
