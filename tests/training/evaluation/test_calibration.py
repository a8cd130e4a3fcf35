import numpy as np
import pytest

from training.evaluation.calibration import (
    bins,
    brier,
    calibration_error,
    calibration_line,
    isotonic,
    log_odds,
    logistic,
    quantile_groups,
)
from training.evaluation.interval import Floats


def expit(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), np.float64)


def test_logistic_recovers_what_made_the_data() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=40_000)
    event = rng.random(40_000) < 1 / (1 + np.exp(-(-2 + 0.7 * x)))
    assert logistic(x, event) == pytest.approx((-2, 0.7), abs=0.06)
    assert logistic(x, 1 / (1 + np.exp(-(-2 + 0.7 * x)))) == pytest.approx((-2, 0.7), abs=1e-3)


def test_brier() -> None:
    assert brier([0.0, 1.0, 0.5], [0, 1, 1]) == pytest.approx(0.25 / 3)


def test_weights_count_as_copies() -> None:
    x, event, weight = [0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1], [1.0, 2.0, 3.0, 1.0]
    copies = np.repeat(np.arange(4), [1, 2, 3, 1])
    assert logistic(x, event, weight) == pytest.approx(logistic(np.take(x, copies), np.take(event, copies)))


def test_calibrated_predictions_lie_on_the_line_and_shifted_ones_do_not() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(-1, 1, size=40_000)
    event = rng.random(40_000) < expit(x)
    line = calibration_line(expit(x), event)
    assert (line.intercept, line.slope, line.in_the_large) == pytest.approx((0, 1, 0), abs=0.05)
    wrong = calibration_line(expit(2 * x + 1), event)  # twice too extreme, and too high
    assert wrong.slope == pytest.approx(0.5, abs=0.03)
    assert wrong.intercept == pytest.approx(-0.5, abs=0.05)
    assert calibration_line(expit(x + 1), event).in_the_large == pytest.approx(-1, abs=0.05)


def test_certain_predictions_have_finite_log_odds() -> None:
    assert np.isfinite(log_odds([0.0, 1.0])).all()
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        log_odds([1.2])


def test_isotonic_never_falls_and_keeps_the_mean() -> None:
    rng = np.random.default_rng(5)
    score = np.round(rng.random(500), 2)
    event = rng.random(500) < score**2
    fitted = isotonic(score, event)
    assert (np.diff(fitted.y) >= 0).all()
    assert fitted(score).mean() == pytest.approx(event.mean())
    assert fitted([-1.0, 2.0]) == pytest.approx([fitted.y[0], fitted.y[-1]])


def test_bins_hold_everyone_once_and_keep_equal_predictions_together() -> None:
    p = np.repeat([0.1, 0.2, 0.7], [60, 20, 20])
    event = np.arange(100) % 2 == 0
    found = bins(p, event, 5)
    assert [b.count for b in found] == [60, 20, 20]
    assert [b.predicted for b in found] == pytest.approx([0.1, 0.2, 0.7])
    assert sum(b.events for b in found) == event.sum()
    assert np.bincount(quantile_groups(np.arange(90), 3)).tolist() == [30, 30, 30]
    with pytest.raises(ValueError, match="positive"):
        quantile_groups([1.0], 0)


def test_error_is_the_distance_to_the_smoothed() -> None:
    error = calibration_error([0.1, 0.2, 0.9], [0.1, 0.3, 0.6])
    assert (error.ici, error.e50, error.maximum) == pytest.approx((0.4 / 3, 0.1, 0.3))
