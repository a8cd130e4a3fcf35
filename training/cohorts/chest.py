"""Chest radiographs of simulated pneumonia patients as arrays ready for training."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.cap_mortality_cxr.preprocess import prepare
from training.cohorts.drawing import Arrays, draw_rows, kept
from training.phantoms.chest.phantom import SIMULATOR_VERSION, make_phantom

FloatArray = npt.NDArray[np.float32]
# First seeds of the splits: no seed is in two splits, none is used by the demo (below 1000)
SPLIT_SEEDS = {"train": 1_000_000, "validation": 20_000_000, "test": 40_000_000, "external": 60_000_000}


@dataclass(frozen=True, kw_only=True)
class ChestCohort:
    """N simulated patients."""

    images: npt.NDArray[np.uint8] = field(repr=False)  #: (N, size, size), 255 is 1
    auxiliary: FloatArray = field(repr=False)  #: (N, 9) filled share of six zones, effusion right, left, age / 100
    lp: FloatArray = field(repr=False)  #: (N,) the oracle's score
    risk: FloatArray = field(repr=False)  #: (N,) probability of death within 30 days
    died: FloatArray = field(repr=False)  #: (N,) 0 or 1
    seeds: npt.NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.seeds)


Row = tuple[npt.NDArray[np.uint8], list[float], float, float, float]


def _patient(seed: int, *, size: int, external: bool) -> Row:
    phantom = make_phantom(seed, longest_side=round(size * 1.4), external=external)
    square, _ = prepare(phantom.pixels, size)
    truth = phantom.truth
    labels = [*truth.zones, truth.effusion_right, truth.effusion_left, phantom.age / 100]
    outcome = phantom.outcome
    return np.round(square * 255).astype(np.uint8), labels, outcome.lp, outcome.risk, float(outcome.died)


def make_cohort(
    split: str,
    count: int,
    *,
    size: int,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ChestCohort:
    """`count` patients of a split ("train", "validation", "test", "external").

    The same arguments give the same cohort, whatever `workers`. `cache` is a folder that keeps cohorts by what made
    them.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    name = f"{SIMULATOR_VERSION}-{split}-{count}-{size}-{seed}"
    first = SPLIT_SEEDS[split] + 1_000_000_000 * seed
    seeds = np.arange(first, first + count, dtype=np.int64)
    make = partial(_patient, size=size, external=split == "external")
    return ChestCohort(
        **kept(cache, name, lambda: _stack(seeds, draw_rows(seeds, make, workers=workers, progress=progress)))
    )


def _stack(seeds: npt.NDArray[np.int64], rows: list[Row]) -> Arrays:
    images, auxiliary, lp, risk, died = zip(*rows, strict=True)
    return {
        "images": np.stack(images),
        "auxiliary": np.asarray(auxiliary, np.float32),
        "lp": np.asarray(lp, np.float32),
        "risk": np.asarray(risk, np.float32),
        "died": np.asarray(died, np.float32),
        "seeds": seeds,
    }
