"""Weighting undoes censoring."""

import numpy as np
import pytest

from training.outcomes.ipcw import LARGEST, by_each_bin


def test_without_censoring_every_weight_is_one() -> None:
    happened, weight = by_each_bin([0.5, 1.5, 2.5], [1, 1, 1], 3)
    assert happened.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    assert (weight == 1).all()


def test_who_is_censored_before_a_bins_end_says_nothing_there() -> None:
    happened, weight = by_each_bin([1.5, 3.0, 3.0], [0, 0, 0], 3)
    assert not happened.any()
    assert (weight > 0).tolist() == [[True, False, False], [True, True, True], [True, True, True]]
    # after 1.5 years one of three is gone: the two that stay stand for three
    assert weight[1].tolist() == pytest.approx([1.0, 1.5, 1.5])


def test_the_weighted_share_is_the_true_one_and_the_masked_one_is_not() -> None:
    rng = np.random.default_rng(0)
    born = rng.exponential(8.0, 20000)
    ended = rng.uniform(0.5, 7.0, 20000)
    time, event = np.minimum(born, ended), born <= ended
    happened, weight = by_each_bin(time, event, 5)
    truth = [(born <= k).mean() for k in range(1, 6)]
    weighted = (happened * weight).sum(0) / weight.sum(0)
    assert weighted == pytest.approx(truth, abs=0.02)
    known = (happened > 0) | (time[:, None] >= np.arange(1, 6))
    masked = (happened * known).sum(0) / known.sum(0)
    assert masked[4] > truth[4] + 0.1


def test_weights_are_limited() -> None:
    time = np.concatenate([np.linspace(0.1, 0.9, 99), [5.0]])
    _, weight = by_each_bin(time, np.zeros(100), 2)
    assert weight.max() == pytest.approx(LARGEST)


def test_bins_may_be_wider() -> None:
    happened, _ = by_each_bin([3.0], [1], 2, width=2.5)
    assert happened.tolist() == [[0, 1]]


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="event"):
        by_each_bin([1.0, 2.0], [1], 2)
