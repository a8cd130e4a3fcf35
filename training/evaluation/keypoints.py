"""How well keypoints of L1-L5 are found: similarity (OKS), average precision, distances in mm, shifted levels.

Found points of a picture that was refused are NaN. Such a picture is a miss for the average precision, for PCK and
nothing else: distances and shifts are those of the pictures that were answered, and the share refused stands beside.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import bootstrap
from training.evaluation.interval import Bools, Floats, Interval, Ints

K = 0.1  # of OKS, every vertebra; assumption: COCO has none for vertebrae, so it is printed with every result
THRESHOLDS = np.linspace(0.50, 0.95, 10)  # of OKS, as COCO's
PCK_MM = 5.0


def scale_squared(truth: Floats) -> Floats:
    """Area of the box around the true points, padded on each side by half their mean spacing; assumption.

    truth: (N, K, 2) -> (N,) in square pixels.
    """
    spacing = np.linalg.norm(np.diff(truth, axis=1), axis=2).mean(1)
    sides = np.ptp(truth, axis=1) + spacing[:, None]
    return np.asarray(sides.prod(1))


def similarity(found: npt.ArrayLike, truth: npt.ArrayLike, *, k: float = K) -> Floats:
    """Object keypoint similarity of each picture, the mean over points of exp(-d^2 / (2 s^2 k^2)).

    Parameters
    ----------
    found, truth
        (N, K, 2) in pixels; found may be NaN.
    k
        The fall-off, the same for each point.

    Returns
    -------
    (N,) in 0..1; 0 where a point is missing.
    """
    there, here = _points(found, truth)
    away = ((there - here) ** 2).sum(2)
    value = np.exp(-away / (2 * scale_squared(here)[:, None] * k**2)).mean(1)
    return np.where(np.isnan(value), 0.0, value)


def average_precision(similarities: Floats) -> float:
    """Mean over the thresholds 0.50, 0.55, ... 0.95 of the share of pictures that reach it.

    There is one spine in each picture and one answer at most, so precision at full recall is that share.
    """
    return float((np.asarray(similarities)[:, None] >= THRESHOLDS - 1e-12).mean())


def radial_errors(found: npt.ArrayLike, truth: npt.ArrayLike, spacing: npt.ArrayLike) -> Floats:
    """(N, K) distances in mm, NaN where nothing was found; spacing: (N,) mm for each pixel."""
    there, here = _points(found, truth)
    return np.asarray(np.linalg.norm(there - here, axis=2) * np.asarray(spacing, np.float64)[:, None])


def shifted(found: npt.ArrayLike, truth: npt.ArrayLike) -> Bools:
    """Whether the found points are nearer to the truth moved by a level, up or down, than to the truth.

    Moved by a level: each point at its neighbour's place, the last a step beyond (the step before it repeated). (N,),
    False where nothing was found.
    """
    there, here = _points(found, truth)
    up = np.concatenate([2 * here[:, :1] - here[:, 1:2], here[:, :-1]], axis=1)
    down = np.concatenate([here[:, 1:], 2 * here[:, -1:] - here[:, -2:-1]], axis=1)
    right, wrong_up, wrong_down = (np.linalg.norm(there - p, axis=2).mean(1) for p in (here, up, down))
    return np.asarray(np.minimum(wrong_up, wrong_down) < right)


def judge(
    found: npt.ArrayLike,
    truth: npt.ArrayLike,
    spacing: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    k: float = K,
    seed: int = 0,
) -> Mapping[str, Interval]:
    """All of it with 95 % bootstrap intervals over patients.

    Keys: oks_ap, mean_error_mm, median_error_mm, pck_5mm, level_shift_rate, refused.

    Raises
    ------
    ValueError
        If shapes disagree, or every picture was refused.
    """
    oks, errors, moved = similarity(found, truth, k=k), radial_errors(found, truth, spacing), shifted(found, truth)
    refused: Bools = np.asarray(np.isnan(errors).any(1))

    def statistics(rows: Ints) -> list[float]:
        answered = rows[~refused[rows]]
        if not answered.size:
            raise ValueError("every picture was refused")
        return [
            average_precision(oks[rows]),
            float(errors[answered].mean()),
            float(np.median(errors[answered])),
            float((errors[rows] <= PCK_MM).mean()),
            float(moved[answered].mean()),
            float(refused[rows].mean()),
        ]

    drawn = bootstrap(statistics, patients, seed=seed)
    names = ("oks_ap", "mean_error_mm", "median_error_mm", "pck_5mm", "level_shift_rate", "refused")
    return {name: drawn.interval(index) for index, name in enumerate(names)}


def _points(found: npt.ArrayLike, truth: npt.ArrayLike) -> tuple[Floats, Floats]:
    there, here = np.asarray(found, np.float64), np.asarray(truth, np.float64)
    if here.ndim != 3 or here.shape[1] < 2 or here.shape[2] != 2 or there.shape != here.shape:
        raise ValueError(f"found and truth must be (N, K, 2) with K from 2 on, got {there.shape} and {here.shape}")
    if not np.isfinite(here).all():
        raise ValueError("true points must be finite")
    return there, here
