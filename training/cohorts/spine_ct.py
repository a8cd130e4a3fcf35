"""Abdominal CTs of simulated patients with the classes of their voxels, on the segmentation network's grid."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.bone_muscle_ct.segmentation import GRID, LEVELS, MUSCLES, VERTEBRA_LABELS
from training.cohorts.chest import SPLIT_SEEDS
from training.cohorts.drawing import draw_rows, kept
from training.phantoms.spine.bones import body_depth, local
from training.phantoms.spine.muscles import LABELS
from training.phantoms.spine.phantom import SIMULATOR_VERSION, SpineCT, make_spine_ct

BODY = 128  # set in the class of a voxel that belongs to a vertebral body
STRETCH = 0.09  # the grid is up to this much finer or coarser than GRID along each axis: larger and smaller people

Bytes = npt.NDArray[np.uint8]
Short = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]
Row = tuple[Short, Bytes]


@dataclass(frozen=True, kw_only=True)
class SpineCohort:
    """N CTs, each of its own size: laid end to end."""

    hu: Short = field(repr=False)  #: (voxels of all)
    classes: Bytes = field(repr=False)  #: (voxels of all) `classes_of`, plus BODY in a vertebral body
    shapes: npt.NDArray[np.int64] = field(repr=False)  #: (N, 3)
    seeds: npt.NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.seeds)

    def volume(self, number: int) -> tuple[Short, Bytes]:
        """HU and classes of one patient, (Z, Y, X) each."""
        sizes = self.shapes.prod(1)
        start, shape = int(sizes[:number].sum()), self.shapes[number]
        stop = start + int(sizes[number])
        return self.hu[start:stop].reshape(shape), self.classes[start:stop].reshape(shape)


def body_mask(ct: SpineCT) -> Mask:
    """Which voxels are of a vertebral body rather than of an arch: (Z, Y, X)."""
    found = np.zeros(ct.grid.shape, np.bool_)
    for v in ct.anatomy.vertebrae:
        place = local(v, ct.grid, (v.width * 0.58, v.depth * 0.62, max(v.normal) * 0.62), (0, 0, 0))
        if place is None:
            continue
        box, u, back, w = place
        wall, plate = body_depth(v, u, back, w)
        found[box] |= np.minimum(wall, plate) > 0
    return found & (ct.vertebra_labels > 0)


def classes_of(vertebra_labels: Bytes, muscle_labels: Bytes) -> Bytes:
    """Classes of the cohort, uint8: background 0, LEVELS, then MUSCLES."""
    table = np.zeros(256, np.uint8)
    for number, name in enumerate(MUSCLES, start=1 + len(LEVELS)):
        table[LABELS[name]] = number
    out = np.asarray(table[muscle_labels], np.uint8)
    table[:] = 0
    table[list(VERTEBRA_LABELS)] = np.arange(1, 1 + len(LEVELS))
    bone = vertebra_labels > 0
    out[bone] = table[vertebra_labels[bone]]
    return out


def _patient(seed: int, *, external: bool) -> Row:
    z, y, x = GRID * np.random.default_rng([seed, 40]).uniform(1 - STRETCH, 1 + STRETCH, 3)
    ct = make_spine_ct(seed, spacing=(float(z), float(y), float(x)), external=external)
    classes = classes_of(ct.vertebra_labels, ct.muscle_labels)
    classes[body_mask(ct)] |= BODY
    return np.round(ct.hu).astype(np.int16), classes


def simulate(
    split: str,
    count: int,
    *,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SpineCohort:
    """`count` patients of a split ("train", "validation", "test", "external").

    The same arguments give the same cohort, whatever `workers`. `cache`: a folder that keeps cohorts.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    first = SPLIT_SEEDS[split] + 1_000_000_000 * seed
    seeds = np.arange(first, first + count, dtype=np.int64)

    def make() -> dict[str, npt.NDArray[np.generic]]:
        rows = draw_rows(seeds, partial(_patient, external=split == "external"), workers=workers, progress=progress)
        return {
            "hu": np.concatenate([hu.ravel() for hu, _ in rows]),
            "classes": np.concatenate([classes.ravel() for _, classes in rows]),
            "shapes": np.asarray([hu.shape for hu, _ in rows], np.int64),
        }

    arrays = kept(cache, f"spine_ct-{SIMULATOR_VERSION}-{split}-{count}-{GRID}-{STRETCH}-{seed}", make)
    return SpineCohort(seeds=seeds, **arrays)
