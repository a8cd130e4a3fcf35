"""How well ages were told: errors with intervals, by sex and age, beside the oracle and beside guessing."""

import numpy as np
import numpy.typing as npt

from models.pediatric_age_cxr.reader import GROUPS, group_of
from training.cohorts.pediatric_age_cxr import AgeCohort
from training.evaluation.bootstrap import bootstrap
from training.evaluation.interval import Floats, Interval, Ints
from training.evaluation.regression import bland_altman, coverage, errors

ENOUGH = 20  # children; a smaller group is counted, not judged
INFANCY = 12.0  # months; below, an error in per cent of the age says nothing


def judge(
    cohort: AgeCohort, months: Floats, ends: tuple[Floats, Floats], *, median: float, draws: int = 2000
) -> dict[str, float]:
    """Figures by name, errors in months.

    Parameters
    ----------
    cohort
        N children that taught the network nothing.
    months, ends
        Predicted ages and their intervals.
    median
        Of the ages that taught it: what somebody would guess who saw no picture.
    draws
        Of the bootstrap, by patient.
    """
    true = cohort.months.astype(np.float64)
    off = np.abs(months - true)
    every = np.arange(len(cohort))
    told = {"children": float(len(cohort))} | _with_interval("mae", mean_of(off, cohort.patients, draws))
    told |= _with_interval("median_guess_mae", mean_of(np.abs(median - true), cohort.patients, draws))
    if np.isfinite(cohort.oracle).all():
        best = np.abs(cohort.oracle.astype(np.float64) - true)
        told |= _with_interval("oracle_mae", mean_of(best, cohort.patients, draws))
        told |= _with_interval("mae_above_oracle", mean_of(off - best, cohort.patients, draws))
    for name, code in (("boys", 1), ("girls", 0)):
        told |= _group(name, off, cohort.patients, every[cohort.sex == code], draws)
    for place, label in enumerate(GROUPS):
        rows = every[group_of(true) == place]
        told |= _group(f"age_{label.replace('-', '_')}", off, cohort.patients, rows, draws)
        if rows.size >= ENOUGH:
            told[f"age_{label.replace('-', '_')}_coverage"] = _coverage(ends, true, rows)
    whole = errors(months, true)
    grown = every[true >= INFANCY]
    told["rmse"] = whole.rmse
    if whole.spearman is not None:
        told["spearman"] = whole.spearman
    if grown.size and (mape := errors(months[grown], true[grown]).mape) is not None:
        told["mape_from_1_year"] = mape
    agreement = bland_altman(months, true)
    told |= {"bias": agreement.bias.value, "agreement_low": agreement.lower_limit.value,
             "agreement_high": agreement.upper_limit.value}  # fmt: skip
    share = coverage(*ends, true).interval
    if share is not None:
        told |= _with_interval("interval_coverage", share)
    told["interval_width"] = float(np.mean(ends[1] - ends[0]))
    return told


def mean_of(values: Floats, patients: npt.ArrayLike, draws: int = 2000) -> Interval:
    """Mean of (N,) values with its bootstrap interval by patient."""

    def mean(rows: Ints) -> tuple[float]:
        return (float(values[rows].mean()),)

    return bootstrap(mean, patients, draws=draws).interval()


def _group(name: str, off: Floats, patients: tuple[str, ...], rows: Ints, draws: int) -> dict[str, float]:
    told = {f"{name}_children": float(rows.size)}
    if rows.size < ENOUGH:
        return told
    return told | _with_interval(f"{name}_mae", mean_of(off[rows], np.asarray(patients)[rows], draws))


def _coverage(ends: tuple[Floats, Floats], true: Floats, rows: Ints) -> float:
    return float(np.mean((ends[0][rows] <= true[rows]) & (true[rows] <= ends[1][rows])))


def _with_interval(name: str, found: Interval) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
