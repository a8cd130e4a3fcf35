"""Scored cohorts of every model, made up: what a bundle that has every arm would give."""

import numpy as np

from training.cohorts.table import BadRow
from training.evaluation.scored import ScoredCohort
from training.reporting.bench import Bench

DRAWS = 60
BAD = (BadRow(line=4, faults=(("images", "must be files or folders that exist, 1 of 1 do not"),)),)


def bench(cohort: ScoredCohort, draws: int = DRAWS) -> Bench:
    return Bench(cohort, draws=draws, seed=0)


def make(model_name: str, n: int = 240, *, name: str = "made up", seed: int = 0) -> ScoredCohort:
    """A cohort of a model."""
    rng = np.random.default_rng(seed)
    values = {
        "cap_mortality_cxr": _cap, "ssc_ild_mortality_ct": _ild, "pediatric_age_cxr": _age,
        "spine_fracture_xr": _spine, "bone_muscle_ct": _bone,
    }[model_name](rng, n)  # fmt: skip
    groups = {"sex": rng.choice(["M", "F"], n), "vendor": np.where(np.arange(n) < 5, "Rare", "Acme")}
    patients = np.array([f"P{k // 2}" for k in range(n)]) if model_name == "ssc_ild_mortality_ct" else np.arange(n)
    return ScoredCohort(
        model_name=model_name, name=name, patient_id=patients.astype(np.str_), values=values,
        groups={k: v.astype(np.str_) for k, v in groups.items()}, bad=BAD,
    )  # fmt: skip


def without(cohort: ScoredCohort, *names: str) -> ScoredCohort:
    """The same without some columns."""
    values = {name: column for name, column in cohort.values.items() if name not in names}
    return ScoredCohort(
        model_name=cohort.model_name, name=cohort.name, patient_id=cohort.patient_id, values=values,
        groups=cohort.groups, bad=cohort.bad,
    )  # fmt: skip


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _cap(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    lp = rng.normal(-1.2, 1, n)
    died = (rng.random(n) < _logistic(lp)).astype(float)
    curb = np.clip(np.round(1.5 + 0.6 * (lp + 1.2) + rng.normal(0, 1, n)), 0, 5)
    curb[:3] = np.nan
    risk = _logistic(lp + rng.normal(0, 0.5, n))
    return {"died": died, "risk": risk, "curb65": curb, "combined": _logistic(lp + 0.1 * np.nan_to_num(curb) - 0.2),
            "oracle": lp}  # fmt: skip


def _follow(rng: np.random.Generator, lp: np.ndarray, scale: float) -> dict[str, np.ndarray]:
    life = rng.exponential(scale * np.exp(-lp))
    censored = rng.uniform(0.5, 9, lp.size)
    return {"time": np.minimum(life, censored), "event": (life <= censored).astype(float), "oracle": lp}


def _risks(lp: np.ndarray, scale: float, stem: str = "risk") -> dict[str, np.ndarray]:
    return {f"{stem}_{year}": 1 - np.exp(-year / scale * np.exp(lp)) for year in (1, 2, 3, 4, 5)}


def _ild(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    lp = rng.normal(0, 1, n)
    found = lp + rng.normal(0, 0.6, n)
    other = lp + rng.normal(0, 1.5, n)
    return {
        **_follow(rng, lp, 10), **_risks(found, 10), **_risks(other, 10, "radiomics"), **_risks(other, 10, "resnet18"),
        "extent": np.clip(20 + 15 * lp, 0, 90),
    }  # fmt: skip


def _age(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    true = rng.uniform(0.5, 225, n)
    found = true + rng.normal(1, 6, n)
    return {"true_months": true, "months": found, "lower": found - 8, "upper": found + 8,
            "oracle": true + rng.normal(0, 4, n)}  # fmt: skip


def _spine(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    lp = rng.normal(0, 1, n)
    names = ["image", "frax", *(f"{arm}_m{m}" for arm in ("cox", "deepsurv", "deepsurv_image") for m in (1, 2, 3))]
    scores = {name: lp + rng.normal(0, 1.5 if name.startswith("cox") else 0.8, n) for name in names}
    return {**_follow(rng, lp, 12), **scores, **_risks(scores["deepsurv_image_m3"], 12)}


def _bone(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    lp = rng.normal(0, 1, n)
    fracture = (rng.random(n) < _logistic(lp - 1)).astype(float)
    return {
        **_follow(rng, lp, 10), **_risks(lp + rng.normal(0, 0.5, n), 10),
        **_risks(lp + rng.normal(0, 1.5, n), 10, "bone"), "frax": lp + rng.normal(0, 2, n), "fracture": fracture,
        "fracture_score": _logistic(lp + rng.normal(0, 0.5, n)),
    }  # fmt: skip
