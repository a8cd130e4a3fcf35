import numpy as np
import pytest

from training.evaluation.discrimination import auc
from training.evaluation.time_auc import auc_at, mean_auc


def test_without_censoring_it_is_the_auc_of_being_dead() -> None:
    rng = np.random.default_rng(0)
    score = np.round(rng.normal(size=300), 1)
    time = rng.exponential(np.exp(-score))
    assert auc_at(time, np.ones(300), score, 0.6) == pytest.approx(auc(score, time <= 0.6))


def test_censoring_does_not_bend_it() -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(size=30_000)
    death = rng.exponential(np.exp(-score))
    end = rng.uniform(0, 2, score.size)
    full = auc(score, death <= 1.0)
    assert auc_at(np.minimum(death, end), death <= end, score, 1.0) == pytest.approx(full, abs=0.01)


def test_a_horizon_with_one_kind_of_patient_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cases and 0 controls"):
        auc_at([1, 2], [1, 1], [0, 1], 5)
    with pytest.raises(ValueError, match="0 cases and 2 controls"):
        auc_at([1, 2], [1, 1], [0, 1], 0.5)


def test_the_mean_lies_between_and_horizons_must_rise() -> None:
    rng = np.random.default_rng(2)
    score = rng.normal(size=200)
    time = rng.exponential(np.exp(-score))
    each = [auc_at(time, np.ones(200), score, h) for h in (0.2, 0.5, 1.0)]
    assert min(each) <= mean_auc(time, np.ones(200), score, (0.2, 0.5, 1.0)) <= max(each)
    with pytest.raises(ValueError, match="rise"):
        mean_auc(time, np.ones(200), score, (0.5, 0.2))
