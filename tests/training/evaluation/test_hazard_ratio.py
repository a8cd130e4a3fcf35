"""The hazard ratio maximises Cox's partial likelihood."""

import math

import numpy as np
import pytest
from scipy import optimize

from training.evaluation.hazard_ratio import hazard_ratio

RNG = np.random.default_rng(3)
GROUP = (RNG.random(300) < 0.4).astype(float)
LIFE = RNG.exponential(np.exp(-0.9 * GROUP))
TIME, EVENT = np.ceil(20 * np.minimum(LIFE, 1.0)) / 20, LIFE < 1


def partial_likelihood(beta: float) -> float:
    """Breslow's, written plainly."""
    return float(
        sum(
            beta * GROUP[i] - math.log(sum(math.exp(beta * GROUP[j]) for j in range(300) if TIME[j] >= TIME[i]))
            for i in range(300)
            if EVENT[i]
        )
    )


def test_it_is_where_the_likelihood_is_highest() -> None:
    best = optimize.minimize_scalar(lambda b: -partial_likelihood(b), bounds=(-1, 3), method="bounded")
    found = hazard_ratio(TIME, EVENT, GROUP)
    assert math.log(found.value) == pytest.approx(best.x, abs=1e-4)
    h = 1e-3
    b = math.log(found.value)
    information = -(partial_likelihood(b + h) - 2 * partial_likelihood(b) + partial_likelihood(b - h)) / h**2
    assert math.log(found.high / found.value) == pytest.approx(1.959964 / math.sqrt(information), rel=1e-3)
    assert math.log(found.value / found.low) == pytest.approx(1.959964 / math.sqrt(information), rel=1e-3)


def test_groups_exchanged_give_the_inverse() -> None:
    assert hazard_ratio(TIME, EVENT, 1 - GROUP).value == pytest.approx(1 / hazard_ratio(TIME, EVENT, GROUP).value)


@pytest.mark.parametrize("group", [np.ones(300), np.where(EVENT, 0.0, GROUP)])
def test_what_has_no_ratio_is_refused(group: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"need events|infinite"):
        hazard_ratio(TIME, EVENT, group)
