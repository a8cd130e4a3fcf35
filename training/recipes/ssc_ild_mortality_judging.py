"""How well the risks of `ssc_ild_mortality_ct` are, beside its parts, the extent of disease and the oracle."""

from collections.abc import Mapping

import numpy as np

from training.evaluation.bootstrap import Draws, bootstrap
from training.evaluation.brier_score import brier_at
from training.evaluation.calibration_at import calibration_at
from training.evaluation.concordance import harrell_c
from training.evaluation.interval import Floats, Ints
from training.evaluation.scored import ScoredCohort
from training.evaluation.time_auc import auc_at

HORIZONS = (1, 3, 5)  # years (the paper)
DRAWS = 1000
LONGEST = 5  # the year whose risk orders patients for C: the yearly risks of one patient are of one mould


def judge(cohort: ScoredCohort, *, draws: int = DRAWS, seed: int = 0) -> dict[str, float]:
    """Counts and figures with 95 % intervals by patient; counts alone where there are too few deaths.

    `c`, `auc_1`, `auc_3`, `auc_5` of the model, and of each part under its name; `brier_k`, `expected_k`,
    `observed_k` and `calibration_slope_k` of the model; `efficiency`: (C - 0.5) / (C of the oracle - 0.5).
    """
    time, event = cohort.values["time"], cohort.values["event"]
    told = {
        "scans": float(len(cohort)), "patients": float(np.unique(cohort.patient_id).size),
        "deaths": float(event.sum()), "patients_died": float(np.unique(cohort.patient_id[event > 0]).size),
    }  # fmt: skip
    told |= {f"dead_by_{k}": float((event * (time <= k)).sum()) for k in HORIZONS}
    scores = _scores(cohort)

    def statistics(rows: Ints) -> list[float]:
        t, y = time[rows], event[rows]
        found = []
        for columns in scores.values():
            found.append(harrell_c(t, y, columns[LONGEST][rows]).c)
            found += [auc_at(t, y, columns[k][rows], k) for k in HORIZONS]
        found += [brier_at(t, y, cohort.values[f"risk_{k}"][rows], k) for k in HORIZONS]
        if "oracle" in scores:
            by_name = dict(zip(scores, found[:: len(HORIZONS) + 1], strict=False))
            best = by_name["oracle"] - 0.5
            # a draw in which the oracle knows nothing has no efficiency
            found += [(c - 0.5) / best if best else float("nan") for name, c in by_name.items() if name != "oracle"]
        return found

    try:
        drawn = bootstrap(statistics, cohort.patient_id, draws=draws, seed=seed)
        names = _names(scores)
        return told | _intervals(names, drawn) | _differences(names, drawn) | _calibration(cohort)
    except ValueError:  # too few deaths, or nobody is followed so long
        return told


def _scores(cohort: ScoredCohort) -> Mapping[str, Mapping[int, Floats]]:
    """Columns by year of each score; "" is the model itself."""
    values = cohort.values
    parts = {name.removesuffix("_5"): name for name in values if name.endswith("_5") and name != "risk_5"}
    found = {"": {k: values[f"risk_{k}"] for k in HORIZONS}}
    found |= {part: {k: values[f"{part}_{k}"] for k in HORIZONS} for part in parts}
    found["extent"] = dict.fromkeys(HORIZONS, values["extent"])
    if cohort.has("oracle"):
        found["oracle"] = dict.fromkeys(HORIZONS, values["oracle"])
    return found


def _names(scores: Mapping[str, object]) -> list[str]:
    names = [_under(part, figure) for part in scores for figure in ("c", *(f"auc_{k}" for k in HORIZONS))]
    names += [f"brier_{k}" for k in HORIZONS]
    if "oracle" in scores:
        names += [_under(part, "efficiency") for part in scores if part != "oracle"]
    return names


def _under(part: str, figure: str) -> str:
    return f"{part}_{figure}" if part else figure


def _intervals(names: list[str], drawn: Draws) -> dict[str, float]:
    told: dict[str, float] = {}
    for place, name in enumerate(names):
        one = drawn.interval(place)
        told |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return told


def _differences(names: list[str], drawn: Draws) -> dict[str, float]:
    """C of the model minus that of each part, on the same draws."""
    told: dict[str, float] = {}
    for place, name in enumerate(names):
        if name.endswith("_c") and name != "oracle_c":
            gap = drawn.difference(names.index("c"), place)
            told |= {f"c_over_{name[:-2]}": gap.value, f"c_over_{name[:-2]}_low": gap.low,
                     f"c_over_{name[:-2]}_high": gap.high}  # fmt: skip
    return told


def _calibration(cohort: ScoredCohort) -> dict[str, float]:
    time, event = cohort.values["time"], cohort.values["event"]
    told: dict[str, float] = {}
    for k in HORIZONS:
        found = calibration_at(time, event, cohort.values[f"risk_{k}"], k, count=5)
        told |= {f"expected_{k}": found.expected, f"observed_{k}": found.observed.value,
                 f"observed_{k}_low": found.observed.low, f"observed_{k}_high": found.observed.high,
                 f"calibration_slope_{k}": found.line.slope}  # fmt: skip
    return told
