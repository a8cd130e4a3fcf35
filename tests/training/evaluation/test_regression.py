import numpy as np
import pytest

from training.evaluation.regression import bland_altman, coverage, errors


def test_by_hand() -> None:
    found = errors([11, 18, 33], [10, 20, 30])
    assert found.count == 3
    assert (found.mae, found.mape) == pytest.approx((2.0, 10.0))
    assert found.spearman == pytest.approx(1.0)


def test_what_does_not_exist_is_none() -> None:
    assert errors([1, 2], [0, 2]).mape is None
    assert errors([1, 1], [0, 2]).spearman is None


def test_bias_is_predicted_minus_true() -> None:
    found = bland_altman([12, 22, 32, 42.0], [10, 20, 30, 40.0])
    assert (found.bias.value, found.lower_limit.value, found.upper_limit.value) == (2, 2, 2)
    with pytest.raises(ValueError, match="two values"):
        bland_altman([1], [1])


def test_limits_and_their_intervals_hold_what_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(600):
        found = bland_altman(3 + 2 * rng.normal(size=80), np.zeros(80))
        covered.append([
            found.bias.low <= 3 <= found.bias.high,
            found.upper_limit.low <= 3 + 1.96 * 2 <= found.upper_limit.high,
            found.lower_limit.low <= 3 - 1.96 * 2 <= found.lower_limit.high,
        ])  # fmt: skip
    assert (np.abs(np.mean(covered, axis=0) - 0.95) < 0.025).all()


def test_coverage_includes_the_ends() -> None:
    found = coverage([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0.5, 2])
    assert (found.count, found.total) == (3, 4)
    with pytest.raises(ValueError, match="1 intervals end"):
        coverage([2], [1], [1])
