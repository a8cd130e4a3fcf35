"""Cohorts of simulated lateral lumbar radiographs with their keypoints, drawn once and kept on disk."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.framing import Frame
from training.cohorts.drawing import draw_rows, kept
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.phantoms.spine.radiograph import KEYPOINTS, LumbarRadiograph, make_lumbar_radiograph

LAYOUT_VERSION = "lumbar-1"  #: changes whenever the pictures or what is kept of them change
FloatArray = npt.NDArray[np.float32]
# First seeds of the splits: no seed is in two splits, none is used by the demo (below 1000)
SPLIT_SEEDS = {"train": 2_000_000, "validation": 22_000_000, "test": 42_000_000, "external": 62_000_000}


@dataclass(frozen=True, kw_only=True)
class LumbarCohort:
    """N simulated people, a radiograph each. Points are (column, row) in pixels, as in `models.heatmaps`."""

    images: npt.NDArray[np.uint8] = field(repr=False)  #: (N, size, size), 255 is 1
    keypoints: FloatArray = field(repr=False)  #: (N, 5, 2) centres of L1-L5
    spacing: FloatArray = field(repr=False)  #: (N,) mm for each pixel, on the detector
    ages: FloatArray = field(repr=False)  #: (N,) years
    sexes: npt.NDArray[np.str_] = field(repr=False)  #: (N,) "F" or "M"
    seeds: npt.NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.seeds)


@dataclass(frozen=True, kw_only=True)
class LumbarRow:
    """One person as the cohort keeps them; and the phantom, which knows the rest."""

    square: npt.NDArray[np.uint8] = field(repr=False)  #: (size, size)
    keypoints: FloatArray  #: (5, 2) column and row in pixels of the square
    spacing: float  #: mm for each pixel of the square, on the detector
    radiograph: LumbarRadiograph = field(repr=False)


def lumbar_row(seed: int, *, size: int, external: bool) -> LumbarRow:
    """The radiograph of this seed in a square of `size` pixels: drawn at that size, padded with black.

    external: a unit of another hospital, kept out of training. It changes the picture; the person is the same.
    """
    drawn = make_lumbar_radiograph(seed, longest_side=size, external=external)
    frame = Frame(rows=drawn.pixels.shape[0], columns=drawn.pixels.shape[1], size=size)
    # the phantom counts (row, column) from pixel centres
    points = [frame.to_network((drawn.keypoints[k][1] + 0.5, drawn.keypoints[k][0] + 0.5)) for k in KEYPOINTS]
    return LumbarRow(
        square=np.round(frame.apply(drawn.pixels) * 255).astype(np.uint8),
        keypoints=np.asarray(points, np.float32),
        spacing=drawn.spacing[0] * frame.rows / frame.inner[0],
        radiograph=drawn,
    )


def lumbar_seeds(split: str, count: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """The seeds of the first `count` people of a split ("train", "validation", "test", "external").

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    first = SPLIT_SEEDS[split] + 1_000_000_000 * seed
    return np.arange(first, first + count, dtype=np.int64)


def simulate(
    split: str,
    count: int,
    *,
    size: int,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LumbarCohort:
    """`count` people of a split.

    The same arguments give the same cohort, whatever `workers`. `cache` is a folder that keeps cohorts by what made
    them.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    seeds = lumbar_seeds(split, count, seed)

    def make() -> dict[str, npt.NDArray[np.generic]]:
        rows = draw_rows(
            seeds,
            partial(_arrays, size=size, external=split == "external"),
            workers=workers,
            progress=progress,
        )
        images, keypoints, spacing, ages, sexes = zip(*rows, strict=True)
        return {
            "images": np.stack(images), "keypoints": np.stack(keypoints), "spacing": np.asarray(spacing, np.float32),
            "ages": np.asarray(ages, np.float32), "sexes": np.asarray(sexes), "seeds": seeds,
        }  # fmt: skip

    arrays = kept(cache, f"{SIMULATOR_VERSION}-{LAYOUT_VERSION}-{split}-{count}-{size}-{seed}", make)
    return LumbarCohort(**{f.name: arrays[f.name] for f in fields(LumbarCohort)})


def _arrays(seed: int, *, size: int, external: bool) -> tuple[npt.NDArray[np.uint8], FloatArray, float, float, str]:
    row = lumbar_row(seed, size=size, external=external)
    return row.square, row.keypoints, row.spacing, row.radiograph.age, row.radiograph.sex
