"""A predicted number: against scikit-learn, scipy and statsmodels."""

import pytest

from tests.reference.tables import NUMBERS, columns
from training.evaluation.regression import bland_altman, errors

EXPECTED = NUMBERS["diabetes"]
TABLE = columns("diabetes")


@pytest.mark.parametrize("name", ["mae", "mape", "rmse", "spearman"])
def test_errors(name: str) -> None:
    found = errors(TABLE["predicted"], TABLE["true"])
    assert getattr(found, name) == pytest.approx(EXPECTED[name], abs=1e-9)


def test_agreement() -> None:
    found = bland_altman(TABLE["predicted"], TABLE["true"])
    assert (found.bias.value, found.bias.low, found.bias.high) == pytest.approx(tuple(EXPECTED["bias"]), abs=1e-9)
    assert found.standard_deviation == pytest.approx(EXPECTED["sd"], abs=1e-9)
    assert found.upper_limit.value == pytest.approx(EXPECTED["bias"][0] + 1.959963984540054 * EXPECTED["sd"], abs=1e-9)
