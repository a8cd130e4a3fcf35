"""Agreement of masks: Dice, whole and by class, and its mean over patients."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import DRAWS
from training.evaluation.interval import Floats, Interval


def dice(found: npt.ArrayLike, wanted: npt.ArrayLike) -> float:
    """Dice 1945: twice the common voxels over the sum of both masks; NaN when both are empty.

    Raises ValueError when the shapes differ.
    """
    a, b = np.asarray(found, np.bool_), np.asarray(wanted, np.bool_)
    if a.shape != b.shape:
        raise ValueError(f"masks must have one shape, got {a.shape} and {b.shape}")
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else float("nan")


def dice_by_class(found: npt.ArrayLike, wanted: npt.ArrayLike, classes: Mapping[str, int]) -> dict[str, float]:
    """Dice of each named class of two label volumes; NaN where neither has it."""
    a, b = np.asarray(found), np.asarray(wanted)
    if a.shape != b.shape:
        raise ValueError(f"label volumes must have one shape, got {a.shape} and {b.shape}")
    size = 1 + int(max(a.max(initial=0), b.max(initial=0), *classes.values()))
    same = np.bincount(a[a == b].ravel(), minlength=size)
    total = np.bincount(a.ravel(), minlength=size) + np.bincount(b.ravel(), minlength=size)
    return {name: float(2 * same[n] / total[n]) if total[n] else float("nan") for name, n in classes.items()}


def mean_over_patients(
    rows: Sequence[Mapping[str, float]], *, draws: int = DRAWS, seed: int = 0
) -> dict[str, Interval]:
    """Mean of each column over patients with its percentile bootstrap interval, without NaN and columns of NaN alone.

    Raises ValueError without rows.
    """
    if not rows:
        raise ValueError("no patients")
    rng = np.random.default_rng(seed)
    out = {}
    for name in rows[0]:
        column: Floats = np.asarray([row[name] for row in rows], np.float64)
        known = column[np.isfinite(column)]
        if known.size:
            drawn = known[rng.integers(0, known.size, (draws, known.size))].mean(1)
            low, high = np.percentile(drawn, (2.5, 97.5))
            out[name] = Interval(value=float(known.mean()), low=float(low), high=float(high))
    return out
