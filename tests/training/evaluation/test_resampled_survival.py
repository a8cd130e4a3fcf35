"""Weighted statistics of censored outcomes are those of repeated rows."""

import numpy as np
import pytest

from tests.training.evaluation.repeated import agrees
from training.evaluation.brier_score import brier_at
from training.evaluation.calibration_at import calibration_at, risk_at
from training.evaluation.concordance import harrell_c, uno_c
from training.evaluation.resampled_survival import FollowUp
from training.evaluation.time_auc import auc_at

N = 150
RNG = np.random.default_rng(1)
SCORE = np.round(RNG.normal(0, 1, N), 1)
RISK = 1 / (1 + np.exp(-(SCORE - 0.5)))
LIFE, CENSORED = RNG.exponential(4 * np.exp(-SCORE)), RNG.uniform(0.5, 8, N)
TIME = np.ceil(4 * np.minimum(LIFE, CENSORED)) / 4  # with ties of events and censorings
EVENT = LIFE <= CENSORED
FOLLOW_UP = FollowUp(TIME, EVENT)


def test_harrell() -> None:
    agrees(FOLLOW_UP.harrell_c(SCORE), lambda rows: harrell_c(TIME[rows], EVENT[rows], SCORE[rows]).c, N)


@pytest.mark.parametrize("tau", [2.0, 5.0])
def test_uno(tau: float) -> None:
    agrees(FOLLOW_UP.uno_c(SCORE, tau), lambda rows: uno_c(TIME[rows], EVENT[rows], SCORE[rows], tau), N)


def test_pairs_in_parts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = FOLLOW_UP.harrell_c(SCORE)(np.ones((1, N)))
    monkeypatch.setattr("training.evaluation.resampled_survival.PAIRS_AT_ONCE", 7 * N)
    np.testing.assert_allclose(FOLLOW_UP.harrell_c(SCORE)(np.ones((1, N))), whole)


@pytest.mark.parametrize("horizon", [1.0, 3.0, 5.0])
def test_at_a_horizon(horizon: float) -> None:
    def curve(rows: np.ndarray) -> float:
        return auc_at(TIME[rows], EVENT[rows], SCORE[rows], horizon)

    agrees(FOLLOW_UP.auc_at(SCORE, horizon), curve, N)
    agrees(FOLLOW_UP.brier_at(RISK, horizon), lambda rows: brier_at(TIME[rows], EVENT[rows], RISK[rows], horizon), N)
    agrees(FOLLOW_UP.risk_at(horizon), lambda rows: risk_at(TIME[rows], EVENT[rows], horizon).value, N)


@pytest.mark.parametrize("parameter", ["intercept", "slope", "in_the_large"])
def test_calibration(parameter: str) -> None:
    def wanted(rows: np.ndarray) -> float:
        return float(getattr(calibration_at(TIME[rows], EVENT[rows], RISK[rows], 3.0).line, parameter))

    agrees(FOLLOW_UP.calibration_at(RISK, 3.0, parameter), wanted, N)


def test_beyond_all_follow_up_nothing_exists() -> None:
    weights = np.ones((2, N))
    for statistic in (FOLLOW_UP.auc_at(SCORE, 99), FOLLOW_UP.brier_at(RISK, 99),
                      FOLLOW_UP.calibration_at(RISK, 99, "slope")):  # fmt: skip
        assert np.isnan(statistic(weights)).all()


def test_before_all_follow_up_nobody_has_had_an_event() -> None:
    assert FOLLOW_UP.risk_at(0.1)(np.ones((1, N))) == 0
