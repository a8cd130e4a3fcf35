"""Draws of patients as weights."""

import numpy as np
import pytest

from training.evaluation.bootstrap import bootstrap
from training.evaluation.resampled_binary import mean
from training.evaluation.resampling import Estimate, Resamples, difference, p_of_zero, ratio

PATIENTS = np.array(["b", "a", "b", "c", "d", "a"])
VALUES = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0])


def test_the_draws_are_those_of_the_plain_bootstrap() -> None:
    plain = bootstrap(lambda rows: [float(VALUES[rows].mean())], PATIENTS, draws=50, seed=3)
    fast = Resamples(PATIENTS, draws=50, seed=3).of(mean(VALUES))
    np.testing.assert_allclose(fast.drawn, plain.drawn[:, 0])
    found, wanted = fast.interval(), plain.interval()
    assert found is not None
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert fast.value == VALUES.mean()


def test_rows_of_one_patient_come_and_go_together() -> None:
    seen: list[np.ndarray] = []

    def total(weights: np.ndarray) -> np.ndarray:
        seen.append(weights)
        return np.asarray(weights.sum(1))

    Resamples(PATIENTS, draws=20, seed=0).of(total)
    weights = np.concatenate(seen[1:])
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 5])
    assert (weights[:, [0, 1, 3, 4]].sum(1) == 4).all()


def test_some_rows_only() -> None:
    some = Resamples(PATIENTS, draws=200, seed=0).of(mean(VALUES[[3, 4]]), np.array([3, 4]))
    assert some.value == 6.5
    assert set(np.round(some.drawn[np.isfinite(some.drawn)], 9)) >= {5.0, 8.0, 6.5}
    assert some.failed > 0  # draws without either of the two


def test_no_rows_have_no_statistic() -> None:
    nothing = Resamples(PATIENTS, draws=5).of(mean(VALUES[:0]), np.zeros(6, np.bool_))
    assert nothing.interval() is None
    assert np.isnan(p_of_zero(nothing))


def test_a_statistic_that_most_draws_lack_has_no_interval() -> None:
    drawn = np.full(100, np.nan)
    drawn[:49] = 1.0
    assert Estimate(value=1.0, drawn=drawn).interval() is None
    drawn[:50] = 1.0
    assert Estimate(value=1.0, drawn=drawn).interval() is not None


def test_differences_are_paired() -> None:
    resamples = Resamples(np.arange(200), draws=300, seed=1)
    values = np.random.default_rng(0).normal(size=200)
    gap = difference(resamples.of(mean(values + 0.1)), resamples.of(mean(values)))
    found = gap.interval()
    assert found is not None
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)
    assert p_of_zero(gap) == pytest.approx(2 / 301)
    with pytest.raises(ValueError, match="300 and 2"):
        difference(gap, Estimate(value=0.0, drawn=np.zeros(2)))


def test_no_difference_has_a_p_of_one() -> None:
    assert p_of_zero(Estimate(value=0.0, drawn=np.zeros(40))) == 1.0


def test_a_cohort_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="need patients"):
        Resamples(np.array([]))


def test_a_ratio_over_nothing_is_not_known() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 2.0]), np.array([0.0, 4.0])), [np.nan, 0.5])
