"""Weighted statistics of a yes-or-no outcome are those of repeated rows."""

import numpy as np
import pytest

from tests.training.evaluation.repeated import agrees
from training.evaluation import calibration as plain
from training.evaluation import resampled_binary as fast
from training.evaluation.discrimination import auc
from training.evaluation.operating import match_sensitivity, operating_point

RNG = np.random.default_rng(0)
EVENT = RNG.random(120) < 0.3
SCORE = np.round(RNG.normal(EVENT * 1.0, 1), 1)  # with ties
RISK = 1 / (1 + np.exp(-(SCORE - 1)))
CURB = np.clip(np.round(RNG.normal(1.5 + EVENT, 1)), 0, 5)


def test_auc() -> None:
    agrees(fast.auc(SCORE, EVENT), lambda rows: auc(SCORE[rows], EVENT[rows]), 120)


def test_auc_without_events_does_not_exist() -> None:
    assert np.isnan(fast.auc(SCORE, np.zeros(120, np.bool_))(np.ones((1, 120)))).all()


def test_shares_and_means() -> None:
    called = SCORE > 0.5
    agrees(fast.share(called, EVENT), lambda rows: float(called[rows][EVENT[rows]].mean()), 120)
    agrees(fast.mean((RISK - EVENT) ** 2), lambda rows: plain.brier(RISK[rows], EVENT[rows]), 120)


@pytest.mark.parametrize("parameter", ["intercept", "slope", "in_the_large"])
def test_calibration(parameter: str) -> None:
    def wanted(rows: np.ndarray) -> float:
        return float(getattr(plain.calibration_line(RISK[rows], EVENT[rows]), parameter))

    agrees(fast.calibration(RISK, EVENT, parameter), wanted, 120)


def test_calibration_without_events_does_not_exist() -> None:
    none = np.zeros(120, np.bool_)
    assert np.isnan(fast.calibration(RISK, none, "slope")(np.ones((2, 120)))).all()


def test_specificity_at_the_sensitivity_of_another() -> None:
    called = CURB >= 2

    def wanted(rows: np.ndarray) -> float:
        threshold = match_sensitivity(SCORE[rows], EVENT[rows], called[rows])
        point = operating_point(SCORE[rows] >= threshold, EVENT[rows])
        assert point.specificity.interval is not None
        return point.specificity.interval.value

    agrees(fast.matched_specificity(SCORE, called, EVENT), wanted, 120)
