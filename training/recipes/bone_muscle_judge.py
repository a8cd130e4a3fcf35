"""How the networks of `bone_muscle_ct` are calibrated and judged, beside the oracle and with intervals."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import optimize

from models.bone_muscle_ct.calibration import Calibration, Platt, YearlyPlatt
from training.cohorts.bone_muscle_data import BoneMuscleCohort
from training.evaluation.bootstrap import bootstrap
from training.evaluation.calibration import logistic
from training.evaluation.calibration_at import risk_at
from training.evaluation.concordance import harrell_c
from training.evaluation.discrimination import auc, delong
from training.evaluation.interval import Floats, Interval, Ints
from training.evaluation.time_auc import auc_at
from training.fitting.bone_muscle_ct import Predicted, fates_of

DRAWS = 400
HORIZONS = (2.0, 3.0, 5.0)  # years (the paper's table)
YEARS = 5
FEWEST = 10  # events by then without which nothing is said of risks


def calibrate(both: Predicted, bone: Predicted, cohort: BoneMuscleCohort) -> Calibration:
    """Lines fitted on a cohort that training did not learn from: hazards weighted for censoring."""
    lines = []
    happened, weight = fates_of(cohort, YEARS, 1.0)
    for found in (both, bone):
        lives = happened.shape[1]
        logits = np.repeat(found.hazard, lives, 0)
        y, w = happened.reshape(-1, YEARS), weight.reshape(-1, YEARS)
        _, slope = logistic(logits[:, -1], y[:, -1], w[:, -1])
        intercepts = [_intercept(slope * logits[:, k], y[:, k], w[:, k]) for k in range(YEARS)]
        lines.append(YearlyPlatt(intercepts=tuple(intercepts), slope=slope))
    known = ~np.isnan(cohort.fractured)
    fracture = _platt(both.fracture[known], cohort.fractured[known])
    told = ~np.isnan(cohort.broken)
    level = _platt(both.levels[told], cohort.broken[told])
    return Calibration(both=lines[0], bone=lines[1], fracture=fracture, level=level)


def _platt(logits: Floats, labels: npt.NDArray[np.float32]) -> Platt:
    """The identity where labels of one kind only leave nothing to fit."""
    if not labels.any() or labels.all():
        return Platt(intercept=0.0, slope=1.0)
    intercept, slope = logistic(logits, labels)
    return Platt(intercept=intercept, slope=slope)


def _intercept(x: Floats, y: npt.NDArray[np.float32], weight: npt.NDArray[np.float32]) -> float:
    """The intercept with which the weighted mean of the risks is the weighted share of events."""

    def gap(a: float) -> float:
        return float((weight * (1 / (1 + np.exp(-(a + x))) - y)).sum())

    if gap(-30.0) >= 0:
        return -30.0  # no event by then
    return float(optimize.brentq(gap, -30.0, 30.0))


def judge(cohort: BoneMuscleCohort, both: Predicted, bone: Predicted, calibration: Calibration) -> dict[str, float]:
    """Detection, and risk from bone and muscle, from bone alone and, of simulated people, by the oracle.

    A simulated person may have several fates; intervals are by person. A figure that the cohort does not allow (no
    event, no fracture) is left out.
    """
    out = {"people": float(len(cohort))} | _detection(cohort, both)
    risks, bone_risks = calibration.both(both.hazard), calibration.bone(bone.hazard)
    lives = cohort.time.shape[1]
    time, event = cohort.time.ravel().astype(np.float64), cohort.event.ravel()
    early = event & (time <= YEARS)
    out |= {"fates": float(lives), "events_5y": float(early.sum()), "risk_5y_predicted": float(risks[:, -1].mean())}
    if early.sum() < FEWEST:
        return out
    simulated = bool(np.isfinite(cohort.lp).all())
    scores = [np.repeat(s, lives) for s in (risks[:, -1], bone_risks[:, -1], cohort.lp.astype(np.float64))]
    scores = scores if simulated else scores[:2]
    names = ["c", "bone_c", *(["oracle_c", "efficiency", "bone_efficiency"] if simulated else [])]
    names += [f"{prefix}auc_{h:g}y" for h in HORIZONS for prefix in ("", "bone_")]

    def statistics(rows: Ints) -> Sequence[float]:
        t, e = time[rows], event[rows]
        found = [harrell_c(t, e, score[rows]).c for score in scores]
        shares = [(c - 0.5) / (found[2] - 0.5) for c in found[:2]] if simulated else []
        return [*found, *shares, *(auc_at(t, e, score[rows], h) for h in HORIZONS for score in scores[:2])]

    draws = bootstrap(statistics, np.repeat(cohort.patient_id, lives), draws=DRAWS)
    for k, name in enumerate(names):
        out |= _named(name, draws.interval(k))
    out |= _named("c_gain_by_muscle", draws.difference(0, 1))
    out |= _named("risk_5y_observed", risk_at(time, event, float(YEARS)))
    if simulated:
        out["correlation_with_oracle"] = float(np.corrcoef(both.hazard[:, -1], cohort.lp)[0, 1])
    return out


def _detection(cohort: BoneMuscleCohort, both: Predicted) -> dict[str, float]:
    out = {}
    known, told = ~np.isnan(cohort.fractured), ~np.isnan(cohort.broken)
    if 0 < cohort.fractured[known].sum() < known.sum():
        out = {"fractured": float(cohort.fractured[known].sum())}
        out |= _named("fracture_auc", delong(both.fracture[known], cohort.fractured[known]))
    if 0 < cohort.broken[told].sum() < told.sum():
        out["level_fracture_auc"] = auc(both.levels[told], cohort.broken[told])
    return out


def compare_slices(
    cohort: BoneMuscleCohort, true: Predicted, found: Predicted, calibration: Calibration
) -> dict[str, float]:
    """The same people with slices where their levels truly are and where the segmentation found them."""
    risks = [calibration.both(p.hazard)[:, -1] for p in (true, found)]
    out = {
        "whole_risk_5y_correlation": float(np.corrcoef(risks[0], risks[1])[0, 1]),
        "whole_risk_5y_mean_change": float(np.mean(risks[1] - risks[0])),
        "whole_risk_5y_mean_absolute_change": float(np.abs(risks[1] - risks[0]).mean()),
    }
    lives = cohort.time.shape[1]
    time, event = cohort.time.ravel(), cohort.event.ravel()
    for name, predicted in (("true_slices", true), ("found_slices", found)):
        if 0 < cohort.fractured.sum() < len(cohort):
            out |= _named(f"whole_fracture_auc_{name}", delong(predicted.fracture, cohort.fractured))
        if event.any():
            out[f"whole_c_{name}"] = harrell_c(time, event, np.repeat(predicted.hazard[:, -1], lives)).c
    return out


def _named(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
