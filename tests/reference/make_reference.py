"""Make inputs and numbers of this folder with other people's packages on the data sets they bring.

Run in an environment of its own (see README.md): python tests/reference/make_reference.py
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines.datasets import load_gbsg2, load_rossi
from lifelines.statistics import multivariate_logrank_test
from MLstatkit.delong import Delong_test
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    brier_score_loss,
    confusion_matrix,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    roc_auc_score,
    roc_curve,
)
from sksurv.metrics import (
    brier_score,
    concordance_index_censored,
    concordance_index_ipcw,
    cumulative_dynamic_auc,
    integrated_brier_score,
)
from sksurv.nonparametric import CensoringDistributionEstimator
from sksurv.util import Surv
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

HERE = Path(__file__).parent
PACKAGES = (
    "lifelines", "scikit-survival", "scikit-learn", "statsmodels", "MLstatkit", "numpy", "scipy", "pandas",
)  # fmt: skip
HORIZONS = {"rossi": (20.0, 35.0, 50.0), "gbsg2": (365.0, 730.0, 1095.0, 1826.0)}
CODES = {"horTh": {"no": 0, "yes": 1}, "menostat": {"Pre": 0, "Post": 1}, "tgrade": {"I": 1, "II": 2, "III": 3}}
THRESHOLDS = (0.1, 0.2, 0.35, 0.5, 0.65)


def main() -> None:
    """Write the inputs, read them back, and write the numbers."""
    survival_inputs("rossi", load_rossi(), "week", "arrest", "prio")
    gbsg2 = load_gbsg2()  # its column "cens" is 1 for a recurrence
    for column, codes in CODES.items():
        gbsg2[column] = gbsg2[column].map(codes)
    survival_inputs("gbsg2", gbsg2.astype(float), "time", "cens", "pnodes")
    binary_inputs()
    regression_inputs()
    numbers: dict[str, object] = {
        "made_with": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "rossi": survival("rossi"),
        "gbsg2": survival("gbsg2"),
        "breast_cancer": binary(),
        "diabetes": regression(),
    }
    text = json.dumps(numbers, indent=1, default=float)
    (HERE / "numbers.json").write_text(text + "\n", encoding="utf-8")


def survival_inputs(name: str, data: pd.DataFrame, time: str, event: str, single: str) -> None:
    """Outcome, the linear predictor of a Cox fit, a coarse copy with ties, a second score, risks at the horizons."""
    fit = lifelines.CoxPHFitter().fit(data, time, event)
    table = pd.DataFrame({"time": data[time].astype(int), "event": data[event].astype(int)})
    table["score"] = fit.predict_log_partial_hazard(data).round(6)
    table["coarse"] = table["score"].round(1)
    table["single"] = data[single].astype(int)
    alive = fit.predict_survival_function(data, times=HORIZONS[name])
    for horizon in HORIZONS[name]:
        table[f"risk_{horizon:g}"] = (1 - alive.loc[horizon].to_numpy()).round(6)
    table.to_csv(HERE / f"{name}.csv", index=False)


def binary_inputs() -> None:
    """Malignancy and its probability from two features, a coarse copy with ties, a second score."""
    data = load_breast_cancer(as_frame=True).frame
    malignant = (data["target"] == 0).astype(int)
    features = data[["mean texture", "mean smoothness"]]
    features = (features - features.mean()) / features.std()
    probability = LogisticRegression(C=0.02).fit(features, malignant).predict_proba(features)[:, 1]
    table = pd.DataFrame({"event": malignant, "probability": probability.round(6)})
    table["coarse"] = table["probability"].round(1)
    table["second"] = data["mean symmetry"]
    table.to_csv(HERE / "breast_cancer.csv", index=False)


def regression_inputs() -> None:
    """Progression of diabetes after a year and its prediction from body mass index and blood pressure."""
    data = load_diabetes(as_frame=True).frame
    fit = LinearRegression().fit(data[["bmi", "bp"]], data["target"])
    predicted = fit.predict(data[["bmi", "bp"]]).round(4)
    pd.DataFrame({"true": data["target"], "predicted": predicted}).to_csv(HERE / "diabetes.csv", index=False)


def survival(name: str) -> dict[str, object]:
    """Everything about censored data."""
    table = pd.read_csv(HERE / f"{name}.csv")
    time, event = table["time"].to_numpy(float), table["event"].to_numpy(bool)
    truth = Surv.from_arrays(event, time)
    horizons = HORIZONS[name]
    scores = {score: table[score].to_numpy(float) for score in ("score", "coarse", "single")}
    risks = table[[f"risk_{horizon:g}" for horizon in horizons]].to_numpy()
    groups = pd.qcut(table["score"], 3, labels=False)
    ranked = multivariate_logrank_test(time, groups, event)
    alive = 1 - risks
    # scikit-survival wants a censoring weight of every event, also of those behind the last horizon; in rossi the
    # events of the last week have none
    cut = truth if name == "gbsg2" else Surv.from_arrays(event & (time < time.max()), time)
    return {
        "harrell": {k: list(map(float, concordance_index_censored(event, time, v)[:4])) for k, v in scores.items()},
        "harrell_lifelines": {k: lifelines.utils.concordance_index(time, -v, event) for k, v in scores.items()},
        "uno": {k: concordance_index_ipcw(cut, cut, v)[0] for k, v in scores.items()},
        "uno_tau": {k: concordance_index_ipcw(cut, cut, v, tau=horizons[-1])[0] for k, v in scores.items()},
        "auc": {k: list(cumulative_dynamic_auc(cut, cut, v, horizons)[0]) for k, v in scores.items()},
        "mean_auc": {k: cumulative_dynamic_auc(cut, cut, v, horizons)[1] for k, v in scores.items()},
        "brier": list(brier_score(truth, truth, alive, horizons)[1]),
        "integrated_brier": integrated_brier_score(truth, truth, alive, horizons),
        "kaplan_meier": kaplan_meier(time, event, horizons),
        "censoring": list(CensoringDistributionEstimator().fit(truth).predict_proba(np.array(horizons))),
        "log_rank_tertiles": [ranked.test_statistic, ranked.p_value],
        "calibration": [calibration(time, event, risks[:, k], h) for k, h in enumerate(horizons)],
        "net_benefit": [net_benefit_at(time, event, risks[:, k], h) for k, h in enumerate(horizons)],
    }


def kaplan_meier(time: np.ndarray, event: np.ndarray, horizons: tuple[float, ...]) -> list[list[float]]:
    """Survival, low and high at each horizon."""
    fit = lifelines.KaplanMeierFitter().fit(time, event)
    rows = []
    for horizon in horizons:
        at = fit.confidence_interval_.loc[:horizon].iloc[-1]
        rows.append([fit.predict(horizon), *at.to_numpy()])
    return rows


def risk_by(time: np.ndarray, event: np.ndarray, horizon: float) -> float:
    """1 - Kaplan and Meier."""
    return float(1 - lifelines.KaplanMeierFitter().fit(time, event).predict(horizon))


def calibration(time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float) -> dict[str, object]:
    """Five bins by Kaplan and Meier; the line by a binomial model with censoring weights."""
    bins = pd.cut(risk, [-np.inf, *np.quantile(risk, (0.2, 0.4, 0.6, 0.8)), np.inf], labels=False)
    rows = [(np.mean(risk[bins == b]), risk_by(time[bins == b], event[bins == b], horizon)) for b in range(5)]
    censoring = CensoringDistributionEstimator().fit(Surv.from_arrays(event, time))
    known = (time > horizon) | event
    until = np.minimum(time, horizon)[known]
    line = binomial(risk[known], (time <= horizon)[known], 1 / censoring.predict_proba(until))
    return {"bins": rows, "line": line}


def net_benefit_at(time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float) -> list[float]:
    """At the quartiles of predicted risk."""
    found = []
    for threshold in np.quantile(risk, (0.25, 0.5, 0.75)):
        called = risk >= threshold
        ill = risk_by(time[called], event[called], horizon)
        found.append(called.mean() * (ill - (1 - ill) * threshold / (1 - threshold)))
    return found


def binomial(probability: np.ndarray, event: np.ndarray, weight: np.ndarray | None = None) -> list[float]:
    """Intercept, slope, and intercept with the slope fixed at 1."""
    odds = np.log(probability / (1 - probability))
    family = sm.families.Binomial()
    free = sm.GLM(event.astype(float), sm.add_constant(odds), family=family, freq_weights=weight).fit(tol=1e-14)
    fixed = sm.GLM(event.astype(float), np.ones_like(odds), family=family, offset=odds, freq_weights=weight)
    return [*free.params, *fixed.fit(tol=1e-14).params]


def binary() -> dict[str, object]:
    """Everything about a probability and a yes or no."""
    table = pd.read_csv(HERE / "breast_cancer.csv")
    event = table["event"].to_numpy(bool)
    scores = {name: table[name].to_numpy(float) for name in ("probability", "coarse", "second")}
    probability, second = scores["probability"], scores["second"]
    false, true, thresholds = roc_curve(event, probability, drop_intermediate=False)
    called, other = probability >= 0.4, second >= 0.19
    isotonic = IsotonicRegression(out_of_bounds="clip")
    return {
        "auc": {name: roc_auc_score(event, score) for name, score in scores.items()},
        "delong_variance": {name: delong_variance(score, event) for name, score in scores.items()},
        "delong_paired": {
            name: list(Delong_test(event.astype(int), scores[name], second, return_ci=False, return_auc=False))
            for name in ("probability", "coarse")
        },
        "youden": thresholds[np.argmax(true - false)],
        "matched": thresholds[np.flatnonzero(true >= (other & event).sum() / event.sum() - 1e-12)[0]],
        "confusion": [int(n) for n in confusion_matrix(event, called).ravel()],
        "wilson": list(proportion_confint((called & event).sum(), event.sum(), method="wilson")),
        "mcnemar": [discordance(called[rows], other[rows]) for rows in (event, ~event)],
        "brier": brier_score_loss(event, probability),
        "line": binomial(probability, event),
        "lowess": list(sm.nonparametric.lowess(event.astype(float), probability, it=0, return_sorted=False)[::20]),
        "ici": float(np.mean(np.abs(
            probability - sm.nonparametric.lowess(event.astype(float), probability, it=0, return_sorted=False)
        ))),
        "isotonic": list(isotonic.fit(scores["coarse"], event).predict(np.linspace(0, 1, 21))),
        "net_benefit": [net_benefit(probability, event, t) for t in THRESHOLDS],
    }  # fmt: skip


def delong_variance(score: np.ndarray, event: np.ndarray) -> float:
    """As defined: the kernel of every pair, its means by event and by non-event, their variances."""
    pairs = score[event][:, None] - score[~event]
    kernel = (pairs > 0) + 0.5 * (pairs == 0)
    parts = [np.var(kernel.mean(axis=axis), ddof=1) / kernel.shape[1 - axis] for axis in (0, 1)]
    return float(sum(parts))


def discordance(first: np.ndarray, second: np.ndarray) -> float:
    """Exact McNemar p."""
    return float(mcnemar(confusion_matrix(first, second), exact=True).pvalue)


def net_benefit(probability: np.ndarray, event: np.ndarray, threshold: float) -> float:
    """From the confusion matrix."""
    _, false, _, true = confusion_matrix(event, probability >= threshold).ravel()
    return float((true - false * threshold / (1 - threshold)) / event.size)


def regression() -> dict[str, object]:
    """Everything about a number."""
    table = pd.read_csv(HERE / "diabetes.csv")
    true, predicted = table["true"], table["predicted"]
    difference = sm.stats.DescrStatsW(predicted - true)
    return {
        "mae": mean_absolute_error(true, predicted),
        "mape": 100 * mean_absolute_percentage_error(true, predicted),
        "rmse": mean_squared_error(true, predicted) ** 0.5,
        "spearman": stats.spearmanr(predicted, true).statistic,
        "bias": [difference.mean, *difference.tconfint_mean()],
        "sd": float((predicted - true).std()),
    }


if __name__ == "__main__":
    main()
