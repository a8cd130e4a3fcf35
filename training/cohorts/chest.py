"""Chest radiographs of pneumonia patients as arrays ready for training."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Self

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
    """N patients to learn from."""

    images: npt.NDArray[np.uint8] = field(repr=False)  #: (N, size, size), 255 is 1
    auxiliary: FloatArray = field(repr=False)
    """(N, 9) filled share of six zones, effusion right, left, age / 100; NaN where not known."""
    lp: FloatArray = field(repr=False)  #: (N,) the oracle's score; NaN of real patients
    risk: FloatArray = field(repr=False)  #: (N,) probability of death within 30 days; of real patients what happened
    died: FloatArray = field(repr=False)  #: (N,) 0 or 1
    seeds: npt.NDArray[np.int64] = field(repr=False)  #: of simulated patients; of real ones the line of the table
    names: tuple[str, ...] = field(default=(), repr=False)  #: of real patients

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient of each row."""
        return self.names or tuple(f"S{seed}" for seed in self.seeds)

    def take(self, rows: npt.NDArray[np.int64]) -> Self:
        """These rows only."""
        arrays = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "names"}
        return replace(self, **arrays, names=tuple(self.names[row] for row in rows) if self.names else ())


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
    drawn = kept(cache, name, lambda: _stack(seeds, draw_rows(seeds, make, workers=workers, progress=progress)))
    return ChestCohort(
        images=drawn["images"], auxiliary=drawn["auxiliary"], lp=drawn["lp"], risk=drawn["risk"], died=drawn["died"],
        seeds=drawn["seeds"],
    )  # fmt: skip


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
