import numpy as np
import pytest

from training.evaluation.decision_curve import decision_curve, decision_curve_at


def test_by_hand() -> None:
    (point,) = decision_curve([0.1, 0.4, 0.6, 0.9], [0, 1, 0, 1], [0.25])
    assert point.model == pytest.approx(2 / 4 - 1 / 4 / 3)
    assert point.treat_all == pytest.approx(2 / 4 - 2 / 4 / 3)


def test_the_truth_is_never_worse_than_all_or_none() -> None:
    rng = np.random.default_rng(0)
    risk = rng.beta(1, 4, 50_000)
    for point in decision_curve(risk, rng.random(50_000) < risk, np.arange(0.05, 0.8, 0.05).tolist()):
        assert point.model >= max(point.treat_all, 0.0) - 0.002


def test_without_censoring_both_agree() -> None:
    rng = np.random.default_rng(1)
    time, risk = rng.exponential(size=200), rng.random(200)
    plain = decision_curve(risk, time <= 0.5, [0.2, 0.6])
    censored = decision_curve_at(time, np.ones(200), risk, 0.5, [0.2, 0.6])
    for a, b in zip(plain, censored, strict=True):
        assert (a.model, a.treat_all) == pytest.approx((b.model, b.treat_all))


def test_calling_nobody_gains_nothing() -> None:
    (point,) = decision_curve_at([1, 2], [1, 0], [0.1, 0.2], 1.5, [0.9])
    assert point.model == 0.0


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_thresholds_are_probabilities_one_can_act_on(threshold: float) -> None:
    with pytest.raises(ValueError, match="inside"):
        decision_curve([0.1], [0], [threshold])
