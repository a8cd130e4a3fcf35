"""A probability and a yes or no: against scikit-learn, statsmodels and MLstatkit."""

import math

import numpy as np
import pytest

from tests.reference.tables import NUMBERS, columns
from training.evaluation.calibration import brier, calibration_error, calibration_line, isotonic
from training.evaluation.decision_curve import decision_curve
from training.evaluation.discrimination import auc, delong, delong_paired, delong_variance
from training.evaluation.interval import Z95
from training.evaluation.lowess import lowess
from training.evaluation.operating import compare, match_sensitivity, operating_point, youden

EXPECTED = NUMBERS["breast_cancer"]
TABLE = columns("breast_cancer")
EVENT = TABLE["event"] == 1
PROBABILITY = TABLE["probability"]
SECOND = TABLE["second"]
EXACT = 1e-9


@pytest.mark.parametrize("name", ["probability", "coarse", "second"])
def test_auc_and_its_interval(name: str) -> None:
    value, variance = EXPECTED["auc"][name], EXPECTED["delong_variance"][name]
    assert auc(TABLE[name], EVENT) == pytest.approx(value, abs=EXACT)
    assert delong_variance(TABLE[name], EVENT) == pytest.approx(variance, abs=1e-12)
    interval = delong(TABLE[name], EVENT)
    half = Z95 * math.sqrt(variance) / (value * (1 - value))
    odds = [math.log(end / (1 - end)) for end in (interval.low, value, interval.high)]
    assert np.diff(odds) == pytest.approx([half, half], abs=1e-8)


@pytest.mark.parametrize("name", ["probability", "coarse"])
def test_paired_difference(name: str) -> None:
    found = delong_paired(TABLE[name], SECOND, EVENT)
    z, p = EXPECTED["delong_paired"][name]
    assert found.z == pytest.approx(-z, abs=1e-6)  # it takes the second minus the first
    assert found.p == pytest.approx(p, rel=1e-6)


def test_thresholds_by_rule() -> None:
    assert youden(PROBABILITY, EVENT) == EXPECTED["youden"]
    assert match_sensitivity(PROBABILITY, EVENT, SECOND >= 0.19) == EXPECTED["matched"]


def test_operating_point() -> None:
    point = operating_point(PROBABILITY >= 0.4, EVENT)
    counts = [point.true_negative, point.false_positive, point.false_negative, point.true_positive]
    assert counts == EXPECTED["confusion"]
    interval = point.sensitivity.interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(tuple(EXPECTED["wilson"]), abs=EXACT)


def test_mcnemar() -> None:
    found = compare(PROBABILITY >= 0.4, SECOND >= 0.19, EVENT)
    assert (found.sensitivity.p, found.specificity.p) == pytest.approx(tuple(EXPECTED["mcnemar"]), rel=1e-6)


def test_calibration() -> None:
    assert brier(PROBABILITY, EVENT) == pytest.approx(EXPECTED["brier"], abs=EXACT)
    line = calibration_line(PROBABILITY, EVENT)
    assert (line.intercept, line.slope, line.in_the_large) == pytest.approx(tuple(EXPECTED["line"]), abs=1e-6)


def test_smoothed_calibration() -> None:
    smooth = lowess(PROBABILITY, EVENT)
    assert smooth[::20] == pytest.approx(EXPECTED["lowess"], abs=EXACT)
    assert calibration_error(PROBABILITY, smooth).ici == pytest.approx(EXPECTED["ici"], abs=EXACT)


def test_isotonic_with_ties() -> None:
    found = isotonic(TABLE["coarse"], EVENT)(np.linspace(0, 1, 21))
    assert found == pytest.approx(EXPECTED["isotonic"], abs=EXACT)


def test_net_benefit() -> None:
    found = decision_curve(PROBABILITY, EVENT, (0.1, 0.2, 0.35, 0.5, 0.65))
    assert [point.model for point in found] == pytest.approx(EXPECTED["net_benefit"], abs=EXACT)
