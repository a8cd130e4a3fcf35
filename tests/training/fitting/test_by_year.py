import numpy as np
import pytest

from training.fitting.by_year import calibrate, inverse_probability
from training.outcomes.survival import Censoring, Weibull, draw_survival


def test_the_weights_undo_censoring() -> None:
    """Leaving the unknown out alone would overstate the risk of the fifth year by a third."""
    drawn = draw_survival(
        np.random.default_rng(0).normal(0, 1, 20_000), np.random.default_rng(1), baseline=Weibull(scale=0.06),
        frailty_sd=0, censoring=Censoring(longest=6, accrual=3, lost_per_year=0.15),
    )  # fmt: skip
    happened, weight = inverse_probability(drawn.time, drawn.event, 5)
    naive_known = drawn.event | (drawn.time >= 5)
    naive = drawn.event[naive_known & (drawn.time <= 5) | (drawn.time >= 5)].mean()
    for year in (1, 3, 5):
        true = drawn.risk_at(year).mean()
        column = year - 1
        weighted = (happened[:, column] * weight[:, column]).sum() / weight[:, column].sum()
        assert weighted == pytest.approx(true, abs=0.012)
        assert weight[:, column].sum() == pytest.approx(20_000, rel=0.02)
    assert naive > drawn.risk_at(5).mean() + 0.06


def test_weights_by_hand() -> None:
    happened, weight = inverse_probability([0.5, 0.7, 1.5, 2.5], [True, False, True, False], 2)
    assert happened.tolist() == [[1, 1], [0, 0], [0, 1], [0, 0]]
    # one of the three then in view is lost at 0.7
    assert weight == pytest.approx(np.array([[1, 1], [0, 0], [1.5, 1.5], [1.5, 1.5]]))


def test_who_is_censored_at_the_end_of_a_year_is_known_then() -> None:
    happened, weight = inverse_probability([1.0, 2.0, 2.0], [True, False, False], 2)
    assert happened.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert weight.tolist() == [[1, 1], [1, 1], [1, 1]]


def test_a_year_that_nobody_outlives_counts_nothing() -> None:
    assert inverse_probability([1.0, 1.5], [True, False], 3)[1][:, 2].tolist() == [0, 0]


def test_calibration_recovers_the_risk() -> None:
    rng = np.random.default_rng(0)
    true = rng.uniform(0.05, 0.6, (8000, 2))
    true[:, 1] = true[:, 0] + 0.2
    told = true**0.5
    map_ = calibrate(told, (rng.random(true.shape) < true).astype(float), np.ones(true.shape))
    assert np.abs(map_(told) - true).mean() < 0.02
    assert np.unique(map_(told)[:, 0]).size > 7000  # who was told apart still is


def test_unknown_outcomes_do_not_count() -> None:
    risk, target, weight = (np.array([[value] for value in values]) for values in
                            ([0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.2, 0.3], [1.0, 0.0, 1.0, 1.0]))  # fmt: skip
    assert calibrate(risk, target, weight)([[0.3], [0.4]]).ravel() == pytest.approx([0.2, 0.3])


def test_a_year_without_anything_known_is_left_as_it_is() -> None:
    same = calibrate(np.array([[0.2], [0.4]]), np.zeros((2, 1)), np.zeros((2, 1)))
    assert same([[0.3]]).item() == pytest.approx(0.3)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="one shape"):
        calibrate(np.zeros((2, 1)), np.zeros((2, 2)), np.zeros((2, 1)))
