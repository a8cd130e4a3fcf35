import numpy as np
import pytest

from training.evaluation.brier_score import brier_at, integrated_brier


def test_without_censoring_it_is_the_mean_square() -> None:
    rng = np.random.default_rng(0)
    time, risk = rng.exponential(size=100), rng.random(100)
    expected = np.mean(((time <= 0.7) - risk) ** 2)
    assert brier_at(time, np.ones(100), risk, 0.7) == pytest.approx(expected)


def test_the_truth_is_better_than_the_mean_under_censoring() -> None:
    rng = np.random.default_rng(1)
    hazard = rng.gamma(2, size=20_000)
    death, end = rng.exponential(1 / hazard), rng.uniform(0, 2, hazard.size)
    time, event = np.minimum(death, end), death <= end
    truth = 1 - np.exp(-hazard)
    uncensored = np.mean(((death <= 1) - truth) ** 2)
    assert brier_at(time, event, truth, 1.0) == pytest.approx(uncensored, abs=0.006)
    assert brier_at(time, event, truth, 1.0) < brier_at(time, event, np.full(hazard.size, truth.mean()), 1.0) - 0.02


def test_a_constant_score_integrates_to_itself() -> None:
    time = np.arange(1, 11.0)
    risks = np.full((10, 3), 0.5)
    assert integrated_brier(time, np.ones(10), risks, (2, 4, 8)) == pytest.approx(0.25)


def test_shapes_and_horizons_are_checked() -> None:
    with pytest.raises(ValueError, match="beyond 5"):
        brier_at([1, 2], [1, 1], [0.1, 0.2], 5)
    with pytest.raises(ValueError, match=r"risks \(2, 2\), got \(2, 3\)"):
        integrated_brier([1, 2], [1, 1], np.zeros((2, 3)), (0.1, 0.2))
    with pytest.raises(ValueError, match="two rising"):
        integrated_brier([1, 2], [1, 1], np.zeros((2, 1)), (0.1,))
