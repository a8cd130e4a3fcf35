import numpy as np
import pytest

from training.evaluation.kaplan_meier import censoring_survival, kaplan_meier, log_rank


def test_by_hand() -> None:
    curve = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 0, 1])
    assert curve.time.tolist() == [1, 2, 3, 4]
    assert curve.at_risk.tolist() == [5, 4, 2, 1]
    assert curve.events.tolist() == [1, 1, 0, 1]
    assert curve.survival == pytest.approx([0.8, 0.6, 0.6, 0.0])
    assert curve.at([0.5, 1, 2.5, 99]) == pytest.approx([1.0, 0.8, 0.6, 0.0])
    assert (curve.low[-1], curve.high[-1]) == (0.0, 0.0)


def test_without_censoring_it_is_the_share_alive() -> None:
    time = np.random.default_rng(0).exponential(size=200)
    assert kaplan_meier(time, np.ones(200)).at(0.7) == pytest.approx((time > 0.7).mean())


def test_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        death, end = rng.exponential(1, 150), rng.uniform(0.2, 2, 150)
        interval = kaplan_meier(np.minimum(death, end), death <= end).interval_at(0.8)
        covered += interval.low <= np.exp(-0.8) <= interval.high
    assert 0.92 <= covered / 400 <= 0.98


def test_at_a_tie_the_event_comes_before_the_censoring() -> None:
    # at time 2 one dies and one is censored: of the two left after the death, one is
    assert censoring_survival([1, 2, 2, 3], [1, 1, 0, 1], [1.9, 2.0]) == pytest.approx([1.0, 0.5])


def test_log_rank_is_fair_without_and_strong_with_a_difference() -> None:
    rng = np.random.default_rng(2)
    time, group = rng.exponential(size=(300, 60)), np.arange(60) % 3
    event = rng.random((300, 60)) < 0.8
    below = [log_rank(t, y, group).p < 0.05 for t, y in zip(time, event, strict=True)]
    assert 0.02 <= np.mean(below) <= 0.09
    assert log_rank(time[0] * (1 + 20 * (group == 1)), event[0], group).p < 1e-4


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="two groups"):
        log_rank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(ValueError, match="0 and 2"):
        log_rank([1, 2], [0, 0], ["a", "b"])
