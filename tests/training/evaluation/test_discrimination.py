import numpy as np
import pytest
from scipy import stats

from training.evaluation.discrimination import auc, delong, delong_paired, delong_variance, roc_curve


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


def test_paired_difference_agrees_with_the_bootstrap() -> None:
    rng = np.random.default_rng(3)
    event = rng.random(600) < 0.25
    shared = rng.normal(size=600) + event
    first, second = shared + rng.normal(size=600) * 0.5, shared + rng.normal(size=600)
    paired = delong_paired(first, second, event)
    draws = []
    for _ in range(400):
        rows = rng.integers(0, 600, 600)
        draws.append(auc(first[rows], event[rows]) - auc(second[rows], event[rows]))
    assert paired.difference.value == auc(first, event) - auc(second, event)
    assert paired.difference.high - paired.difference.low == pytest.approx(2 * 1.96 * np.std(draws), rel=0.1)
    assert paired.p == pytest.approx(2 * stats.norm.sf(abs(paired.z)))


def test_the_other_way_round_is_the_negative() -> None:
    rng = np.random.default_rng(4)
    event = rng.random(100) < 0.5
    a, b = rng.normal(size=(2, 100))
    assert delong_paired(a, b, event).z == pytest.approx(-delong_paired(b, a, event).z)


def test_a_score_against_its_own_order_is_no_difference() -> None:
    rng = np.random.default_rng(5)
    event = rng.random(100) < 0.5
    score = rng.normal(size=100)
    paired = delong_paired(score, np.exp(score), event)
    assert (paired.difference.value, paired.z, paired.p) == (0.0, 0.0, 1.0)


def test_perfect_separation_and_a_single_event_have_no_width_to_claim() -> None:
    assert (delong([0, 1, 2, 3], [0, 0, 1, 1]).low, delong_variance([0, 1, 2, 3], [0, 0, 1, 1])) == (1.0, 0.0)
    assert delong_variance([3, 1, 2, 0], [0, 1, 0, 0]) > 0  # from the non-events alone


def test_roc_curve_encloses_the_area() -> None:
    rng = np.random.default_rng(6)
    event = rng.random(200) < 0.4
    score = np.round(rng.normal(size=200) + event, 1)
    curve = roc_curve(score, event)
    assert np.trapezoid(curve.true_positive_rate, curve.false_positive_rate) == pytest.approx(auc(score, event))
    assert (curve.threshold[0], curve.threshold[-1]) == (np.inf, score.min())
    at = curve.threshold[5]
    assert curve.true_positive_rate[5] == (score >= at)[event].mean()
    assert curve.false_positive_rate[5] == (score >= at)[~event].mean()
