"""Weights against rows that are really repeated."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Floats, Ints
from training.evaluation.resampling import Statistic


def agrees(statistic: Statistic, plain: Callable[[Ints], float], size: int, *, draws: int = 12, seed: int = 5) -> None:
    """The statistic under random whole weights is the plain one on repeated rows; where that fails it is NaN."""
    rng = np.random.default_rng(seed)
    weights: Floats = np.stack([np.ones(size), *(rng.poisson(1, size) for _ in range(draws - 1))]).astype(np.float64)
    found = statistic(weights)
    wanted = [_try(plain, np.repeat(np.arange(size), row.astype(np.int64))) for row in weights]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)
    assert np.isfinite(wanted).sum() > draws / 2


def _try(plain: Callable[[Ints], float], rows: npt.NDArray[np.int64]) -> float:
    try:
        return plain(rows)
    except ValueError:
        return float("nan")
