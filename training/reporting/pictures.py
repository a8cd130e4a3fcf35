"""Which plots a model's report has."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from training.reporting import plots_age, plots_binary, plots_survival
from training.reporting.bench import Bench
from training.reporting.layouts import cap_mortality_cxr as cap
from training.reporting.layouts import spine_fracture_xr as spine
from training.reporting.layouts.ssc_ild_mortality_ct import NETWORKS

Draw = Callable[[Path], object]


def draw(model_name: str, bench: Bench, folder: Path) -> tuple[list[str], list[str]]:
    """Draw the plots of a cohort; names of the files, and why others were not drawn.

    Raises
    ------
    KeyError
        If the model has no plots.
    """
    wanted: Mapping[str, Draw | str] = _PLOTS[model_name](bench)
    stem = re.sub(r"[^0-9A-Za-z]+", "_", bench.name).strip("_").lower() or "cohort"
    made, left = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in wanted.items():
        if isinstance(one, str):
            left.append(f"{bench.name}, {name}: not drawn, {one}")
            continue
        path = folder / f"{stem}_{name}.png"
        if one(path) is False:
            left.append(f"{bench.name}, {name}: not drawn, no horizon has events before and patients after it")
        else:
            made.append(path.name)
    return made, left


def _cap(bench: Bench) -> dict[str, Draw | str]:
    if not _both(bench, "risk", cap.EVENT):
        why = "the cohort has no deaths or no survivors"
        return {"roc": why, "calibration": why, "decision_curve": why}
    probabilities = {name: cap.SCORES[name] for name in ("risk", "combined")}
    return {
        "roc": partial(plots_binary.roc, bench=bench, scores=cap.SCORES, event=cap.EVENT),
        "calibration": partial(plots_binary.calibration, bench=bench, name="risk", title="DL", event=cap.EVENT),
        "decision_curve": partial(plots_binary.decisions, bench=bench, probabilities=probabilities, event=cap.EVENT),
        "kaplan_meier": "the outcome is death within 30 days without a time",
    }


def _ild(bench: Bench) -> dict[str, Draw | str]:
    plots = _survival(bench, "risk_5", "the bundle's risk", {h: f"risk_{h:g}" for h in (1.0, 3.0, 5.0)})
    for year in (1, 3, 5):
        scores = {f"{column}_{year}": title for column, title in NETWORKS.items()}
        plots[f"roc_{year}_years"] = partial(plots_survival.roc_at, bench=bench, scores=scores, horizon=float(year))
    return plots


def _spine(bench: Bench) -> dict[str, Draw | str]:
    score, title = "deepsurv_image_m3", "DeepSurv and image, model 3"
    plots = _survival(bench, score, title, spine.RISKS)
    scores = {score: title, "cox_m3": "Cox, model 3", "image": "image only", "frax": "FRAX"}
    plots["roc_3_years"] = partial(plots_survival.roc_at, bench=bench, scores=scores, horizon=3.0)
    return plots


def _bone(bench: Bench) -> dict[str, Draw | str]:
    plots = _survival(bench, "risk_5", "risk from bone and muscle", {h: f"risk_{h:g}" for h in (2.0, 3.0, 5.0)})
    for year in (2, 3, 5):
        scores = {f"risk_{year}": "bone and muscle", f"bone_{year}": "bone alone", "frax": "FRAX"}
        plots[f"roc_{year}_years"] = partial(plots_survival.roc_at, bench=bench, scores=scores, horizon=float(year))
    detection: Draw | str = "the cohort has no patients with or none without a fracture"
    if _both(bench, "fracture_score", "fracture"):
        scores = {"fracture_score": "fracture score"}
        detection = partial(plots_binary.roc, bench=bench, scores=scores, event="fracture")
    return plots | {"roc_detection": detection}


def _age(bench: Bench) -> dict[str, Draw | str]:
    if not bench.has("months", "true_months"):
        return {"scatter": "no age is known", "bland_altman": "no age is known"}
    plots = {"scatter": plots_age.scatter, "bland_altman": plots_age.agreement}
    return {
        name: partial(one, bench=bench, found="months", true="true_months", unit="months")
        for name, one in plots.items()
    }


def _survival(bench: Bench, score: str, title: str, risks: Mapping[float, str]) -> dict[str, Draw | str]:
    if not bench.has(score, "time", "event") or not bench.flag("event", bench.rows(score, "time", "event")).any():
        why = "the cohort has no event, or the bundle no such score"
        return {"kaplan_meier": why, "calibration": why, "decision_curve": why}
    plots: dict[str, Draw | str] = {
        "kaplan_meier": partial(plots_survival.tertiles, bench=bench, name=score, title=title),
        "calibration": partial(plots_survival.calibration, bench=bench, risks=risks),
    }
    horizon = max((h for h in risks if _followed(bench, risks[h], h)), default=None)
    plots["decision_curve"] = (
        "no horizon has events before and patients after it"
        if horizon is None
        else partial(plots_survival.decisions, bench=bench, name=risks[horizon], title=title, horizon=horizon)
    )
    return plots


def _followed(bench: Bench, risk: str, horizon: float) -> bool:
    if not bench.has(risk, "time", "event"):
        return False
    rows = bench.rows(risk, "time", "event")
    time, event = bench.column("time", rows), bench.flag("event", rows)
    return bool((event & (time <= horizon)).any() and (time > horizon).any())


def _both(bench: Bench, score: str, event: str) -> bool:
    return bench.has(score, event) and np.unique(bench.column(event, bench.rows(score, event))).size == 2


_PLOTS: Mapping[str, Callable[[Bench], Mapping[str, Draw | str]]] = {
    "cap_mortality_cxr": _cap, "ssc_ild_mortality_ct": _ild, "pediatric_age_cxr": _age, "spine_fracture_xr": _spine,
    "bone_muscle_ct": _bone,
}  # fmt: skip
