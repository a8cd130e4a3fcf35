import numpy as np
import pytest
from scipy import stats

from training.metrics import auc, brier, delong, logistic


def test_auc_is_the_mann_whitney_statistic() -> None:
    rng = np.random.default_rng(0)
    event = rng.random(300) < 0.3
    score = np.round(rng.normal(size=300) + event, 1)  # ties
    u = stats.mannwhitneyu(score[event], score[~event]).statistic
    assert auc(score, event) == pytest.approx(u / (event.sum() * (~event).sum()))
    assert auc([0, 1, 2], [0, 0, 1]) == 1.0
    assert auc([1, 1], [0, 1]) == 0.5


def test_one_kind_of_outcome_is_refused() -> None:
    with pytest.raises(ValueError, match="both outcomes"):
        auc([0.1, 0.2], [1, 1])


def test_delong_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    covered = 0
    for _ in range(300):
        event = rng.random(200) < 0.3
        interval = delong(rng.normal(size=200) + event, event)
        covered += interval.low <= truth <= interval.high
    assert 0.91 <= covered / 300 <= 0.985


def test_delong_agrees_with_the_bootstrap() -> None:
    rng = np.random.default_rng(2)
    event = rng.random(500) < 0.2
    score = rng.normal(size=500) + 1.2 * event
    draws = []
    for _ in range(400):
        rows = rng.integers(0, 500, 500)
        draws.append(auc(score[rows], event[rows]))
    interval = delong(score, event)
    assert (interval.low, interval.high) == pytest.approx(tuple(np.percentile(draws, (2.5, 97.5))), abs=0.015)


def test_logistic_recovers_what_made_the_data() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=40_000)
    event = rng.random(40_000) < 1 / (1 + np.exp(-(-2 + 0.7 * x)))
    assert logistic(x, event) == pytest.approx((-2, 0.7), abs=0.06)
    assert logistic(x, 1 / (1 + np.exp(-(-2 + 0.7 * x)))) == pytest.approx((-2, 0.7), abs=1e-3)


def test_brier() -> None:
    assert brier([0.0, 1.0, 0.5], [0, 1, 1]) == pytest.approx(0.25 / 3)
