import numpy as np
import pytest

from training.evaluation.calibration_at import calibration_at, risk_at
from training.evaluation.interval import Bools, Floats


def simulated(seed: int = 0, size: int = 20_000) -> tuple[Floats, Bools, Floats]:
    """Time, event, and the true risk by time 1."""
    rng = np.random.default_rng(seed)
    hazard = np.exp(rng.normal(-1, 0.8, size))
    death, end = rng.exponential(1 / hazard), rng.uniform(0.3, 2, size)
    return np.minimum(death, end), death <= end, 1 - np.exp(-hazard)


def test_the_true_risk_is_calibrated_under_censoring() -> None:
    time, event, risk = simulated()
    found = calibration_at(time, event, risk, 1.0)
    assert found.error < 0.012
    assert found.expected == pytest.approx(found.observed.value, abs=0.012)
    assert (found.line.intercept, found.line.slope, found.line.in_the_large) == pytest.approx((0, 1, 0), abs=0.08)
    assert sum(b.count for b in found.bins) == 20_000
    assert [b.predicted for b in found.bins] == sorted(b.predicted for b in found.bins)
    assert all(b.observed.low <= b.observed.value <= b.observed.high for b in found.bins)


def test_half_the_risk_is_not() -> None:
    time, event, risk = simulated()
    found = calibration_at(time, event, risk / 2, 1.0)
    assert found.error == pytest.approx(risk.mean() / 2, abs=0.015)
    assert found.line.in_the_large > 0.5


def test_a_bin_says_when_nobody_was_followed_to_the_horizon() -> None:
    time = np.array([1.0, 1, 1, 1, 5, 5, 5, 5])
    event = np.array([0, 1, 0, 0, 0, 0, 0, 0])
    found = calibration_at(time, event, np.repeat([0.1, 0.3], 4), 3.0, 2)
    assert [b.followed for b in found.bins] == [0, 4]
    assert [b.events for b in found.bins] == [1, 0]


def test_a_horizon_behind_all_follow_up_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cases and 0 controls"):
        calibration_at([1.0, 2.0], [1, 0], [0.1, 0.2], 3.0)


def test_risk_turns_the_curve_round() -> None:
    risk = risk_at([1, 2, 3, 4], [1, 0, 0, 0], 2.0)
    assert risk.value == pytest.approx(0.25)
    assert risk.low < 0.25 < risk.high
