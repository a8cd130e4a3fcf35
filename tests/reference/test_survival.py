"""Censored data: against scikit-survival, lifelines and statsmodels."""

import numpy as np
import pytest

from tests.reference.tables import NUMBERS, columns
from training.evaluation.brier_score import brier_at, integrated_brier
from training.evaluation.calibration import quantile_groups
from training.evaluation.calibration_at import calibration_at
from training.evaluation.concordance import harrell_c, uno_c
from training.evaluation.decision_curve import decision_curve_at
from training.evaluation.interval import Bools, Floats
from training.evaluation.kaplan_meier import censoring_survival, kaplan_meier, log_rank
from training.evaluation.time_auc import auc_at, mean_auc

HORIZONS = {"rossi": (20.0, 35.0, 50.0), "gbsg2": (365.0, 730.0, 1095.0, 1826.0)}
SCORES = ("score", "coarse", "single")
CASES = [(name, score) for name in HORIZONS for score in SCORES]
EXACT = 1e-9  # the packages and we differ by rounding; the claim is 1e-6


class Cohort:
    def __init__(self, name: str) -> None:
        self.table = columns(name)
        self.time: Floats = self.table["time"]
        self.event: Bools = self.table["event"] == 1
        self.horizons = HORIZONS[name]
        self.risks = np.stack([self.table[f"risk_{horizon:g}"] for horizon in self.horizons], axis=1)


@pytest.fixture(scope="module", params=HORIZONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(("name", "score"), CASES)
def test_harrell(name: str, score: str) -> None:
    cohort = Cohort(name)
    found = harrell_c(cohort.time, cohort.event, cohort.table[score])
    c, concordant, discordant, tied = NUMBERS[name]["harrell"][score]
    assert (found.concordant, found.discordant, found.tied) == (concordant, discordant, tied)
    assert found.c == pytest.approx(c, abs=EXACT)
    assert found.c == pytest.approx(NUMBERS[name]["harrell_lifelines"][score], abs=EXACT)


@pytest.mark.parametrize(("name", "score"), CASES)
def test_uno(name: str, score: str) -> None:
    cohort = Cohort(name)
    # the events of rossi's last week, in which all others are censored, have no weight
    event = cohort.event & (cohort.time < cohort.time.max()) if name == "rossi" else cohort.event
    assert uno_c(cohort.time, event, cohort.table[score]) == pytest.approx(NUMBERS[name]["uno"][score], abs=EXACT)
    at_tau = uno_c(cohort.time, cohort.event, cohort.table[score], cohort.horizons[-1])
    assert at_tau == pytest.approx(NUMBERS[name]["uno_tau"][score], abs=EXACT)


def test_uno_without_tau_says_that_the_last_week_has_no_weight() -> None:
    cohort = Cohort("rossi")
    with pytest.raises(ValueError, match="earlier tau"):
        uno_c(cohort.time, cohort.event, cohort.table["score"])


@pytest.mark.parametrize(("name", "score"), CASES)
def test_time_dependent_auc(name: str, score: str) -> None:
    cohort = Cohort(name)
    found = [auc_at(cohort.time, cohort.event, cohort.table[score], h) for h in cohort.horizons]
    assert found == pytest.approx(NUMBERS[name]["auc"][score], abs=EXACT)
    mean = mean_auc(cohort.time, cohort.event, cohort.table[score], cohort.horizons)
    assert mean == pytest.approx(NUMBERS[name]["mean_auc"][score], abs=EXACT)


def test_brier(name: str) -> None:
    cohort = Cohort(name)
    found = [brier_at(cohort.time, cohort.event, cohort.risks[:, k], h) for k, h in enumerate(cohort.horizons)]
    assert found == pytest.approx(NUMBERS[name]["brier"], abs=EXACT)
    whole = integrated_brier(cohort.time, cohort.event, cohort.risks, cohort.horizons)
    assert whole == pytest.approx(NUMBERS[name]["integrated_brier"], abs=EXACT)


def test_kaplan_meier_and_censoring(name: str) -> None:
    cohort = Cohort(name)
    curve = kaplan_meier(cohort.time, cohort.event)
    for horizon, expected in zip(cohort.horizons, NUMBERS[name]["kaplan_meier"], strict=True):
        at = curve.interval_at(horizon)
        assert (at.value, at.low, at.high) == pytest.approx(tuple(expected), abs=EXACT)
    censoring = censoring_survival(cohort.time, cohort.event, cohort.horizons)
    assert censoring == pytest.approx(NUMBERS[name]["censoring"], abs=EXACT)


def test_log_rank_of_tertiles(name: str) -> None:
    cohort = Cohort(name)
    found = log_rank(cohort.time, cohort.event, quantile_groups(cohort.table["score"], 3))
    statistic, p = NUMBERS[name]["log_rank_tertiles"]
    assert found.degrees_of_freedom == 2
    assert found.statistic == pytest.approx(statistic, abs=1e-6)
    assert found.p == pytest.approx(p, rel=1e-6)


def test_calibration_at_horizons(name: str) -> None:
    cohort = Cohort(name)
    for k, horizon in enumerate(cohort.horizons):
        found = calibration_at(cohort.time, cohort.event, cohort.risks[:, k], horizon, 5)
        expected = NUMBERS[name]["calibration"][k]
        rows = [(b.predicted, b.observed.value) for b in found.bins]
        assert np.array(rows) == pytest.approx(np.array(expected["bins"]), abs=EXACT)
        line = (found.line.intercept, found.line.slope, found.line.in_the_large)
        assert line == pytest.approx(tuple(expected["line"]), abs=1e-6)


def test_net_benefit_at_horizons(name: str) -> None:
    cohort = Cohort(name)
    for k, horizon in enumerate(cohort.horizons):
        risk = cohort.risks[:, k]
        at = [float(t) for t in np.quantile(risk, (0.25, 0.5, 0.75))]
        found = decision_curve_at(cohort.time, cohort.event, risk, horizon, at)
        assert [point.model for point in found] == pytest.approx(NUMBERS[name]["net_benefit"][k], abs=EXACT)
