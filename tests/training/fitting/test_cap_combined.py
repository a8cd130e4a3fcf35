import numpy as np
import pytest

from screening.errors import ConfigurationError
from training.fitting.cap_combined import fit_combination


def test_the_coefficients_behind_the_deaths_are_found() -> None:
    rng = np.random.default_rng(0)
    x, curb = rng.normal(-2, 1, 60000), rng.integers(0, 6, 60000).astype(float)
    died = (rng.random(60000) < 1 / (1 + np.exp(-(-0.5 + 0.8 * x + 0.4 * curb)))).astype(float)
    curb[:100] = np.nan
    found = fit_combination(1 / (1 + np.exp(-x)), curb, died)
    assert found["intercept"] == pytest.approx(-0.5, abs=0.08)
    assert found["log_odds"] == pytest.approx(0.8, abs=0.04)
    assert found["curb65"] == pytest.approx(0.4, abs=0.03)
    assert found["patients"] == 59900


def test_too_few_deaths_teach_nothing() -> None:
    with pytest.raises(ConfigurationError, match="0 deaths of 50"):
        fit_combination(np.full(50, 0.1), np.ones(50), np.zeros(50))
