"""Weighted errors are those of repeated rows."""

import numpy as np
import pytest

from tests.training.evaluation.repeated import agrees
from training.evaluation.regression import bland_altman, errors
from training.evaluation.resampled_errors import limit, spearman, standard_deviation

RNG = np.random.default_rng(2)
TRUE = np.round(RNG.uniform(1, 200, 90))
FOUND = np.round(TRUE + RNG.normal(2, 6, 90))


def test_spearman() -> None:
    agrees(spearman(FOUND, TRUE), lambda rows: errors(FOUND[rows], TRUE[rows]).spearman or np.nan, 90)


def test_one_value_has_no_order() -> None:
    assert np.isnan(spearman(np.ones(90), TRUE)(np.ones((1, 90)))).all()


@pytest.mark.parametrize("side", [-1, 1])
def test_limits_of_agreement(side: int) -> None:
    def wanted(rows: np.ndarray) -> float:
        agreement = bland_altman(FOUND[rows], TRUE[rows])
        return (agreement.lower_limit if side < 0 else agreement.upper_limit).value

    agrees(limit(FOUND - TRUE, side), wanted, 90)


def test_standard_deviation() -> None:
    found = FOUND - TRUE
    agrees(standard_deviation(found), lambda rows: float(found[rows].std(ddof=1)), 90)
