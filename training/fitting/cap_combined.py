"""The logistic function of the model's probability and CURB-65."""

from collections.abc import Mapping

import numpy as np

from screening.errors import ConfigurationError
from training.evaluation.calibration import log_odds, maximum_likelihood
from training.evaluation.interval import Floats
from training.evaluation.subgroups import EVENTS_NEEDED


def fit_combination(probability: Floats, curb65: Floats, died: Floats) -> Mapping[str, float]:
    """The section `combined` of the bundle from (N,) calibrated probabilities, scores 0 to 5 (NaN: not known), deaths.

    Raises
    ------
    ConfigurationError
        If there are too few deaths or survivors with a CURB-65.
    """
    known = np.isfinite(curb65)
    x, score, y = log_odds(probability[known]), curb65[known], died[known]
    if min(int(y.sum()), int((1 - y).sum())) < EVENTS_NEEDED:
        raise ConfigurationError(f"{int(y.sum())} deaths of {y.size} with a CURB-65 are too few for two coefficients")
    intercept, slope, points = maximum_likelihood(np.column_stack([np.ones(y.size), x, score]), y).tolist()
    return {
        "intercept": intercept, "log_odds": slope, "curb65": points, "patients": float(y.size),
        "deaths": float(y.sum()),
    }  # fmt: skip
