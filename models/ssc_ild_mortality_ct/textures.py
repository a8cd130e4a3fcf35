"""Texture matrices of a discretised image and what they are described by (IBSI reference manual, Zwanenburg 2020).

Every matrix is summed over directions and slices before features are taken from it ("merged"). Grey levels are whole
numbers from 1; 0 is outside the region. `offsets` are the directions (dz, dy, dx) that count as neighbours:
`IN_PLANE` within slices, `IN_SPACE` in the volume.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Levels = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float64]
Offset = tuple[int, int, int]

IN_PLANE: tuple[Offset, ...] = ((0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1))
IN_SPACE: tuple[Offset, ...] = (
    *IN_PLANE, *((1, dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)),
)  # fmt: skip


def textures(levels: Levels, bins: int, offsets: Sequence[Offset] = IN_PLANE) -> dict[str, float]:
    """All features of a region by name (`glcm_contrast`, ...), 0 where one does not exist.

    Parameters
    ----------
    levels
        (Z, Y, X), 1..bins inside the region, 0 outside.
    bins
        Number of grey levels.
    offsets
        One of each pair of opposite directions.

    Raises
    ------
    ValueError
        If the region is empty, or a level is not in 0..bins.
    """
    if levels.ndim != 3 or levels.min(initial=0) < 0 or levels.max(initial=0) > bins or not levels.any():
        raise ValueError(f"levels must be (Z, Y, X) in 0..{bins} with some above 0, got {levels.shape}")
    padded = np.pad(levels, 1)
    voxels = float(np.count_nonzero(levels))
    sizes = {
        "glrlm": run_lengths(padded, bins, offsets),
        "glszm": zone_sizes(padded, bins, offsets),
        "gldm": dependences(padded, bins, offsets),
    }
    found = {f"glcm_{name}": value for name, value in glcm_features(co_occurrence(padded, bins, offsets)).items()}
    for family, matrix in sizes.items():
        total = voxels * (len(offsets) if family == "glrlm" else 1)
        found |= {f"{family}_{name}": value for name, value in size_features(matrix, total).items()}
    del found["gldm_percentage"]  # each voxel has one dependence: always 1
    found |= {
        f"ngtdm_{name}": value for name, value in ngtdm_features(*tone_differences(padded, bins, offsets)).items()
    }
    return found


def co_occurrence(padded: Levels, bins: int, offsets: Sequence[Offset]) -> Counts:
    """(bins, bins) how often two levels are neighbours, both ways round."""
    flat = padded.ravel()
    inside = np.flatnonzero(flat)
    counts = np.zeros(bins * bins, np.float64)
    for stride in _strides(padded, offsets):
        first, second = flat[inside], flat[inside + stride]
        pairs = second > 0
        counts += np.bincount((first[pairs] - 1) * bins + second[pairs] - 1, minlength=bins * bins)
    matrix = counts.reshape(bins, bins)
    return np.asarray(matrix + matrix.T, np.float64)


def run_lengths(padded: Levels, bins: int, offsets: Sequence[Offset]) -> Counts:
    """(bins, longest) runs of one level, by level and length, over all directions."""
    flat = padded.ravel()
    inside = np.flatnonzero(flat)
    found = []
    for stride in _strides(padded, offsets):
        place = inside[flat[inside - stride] != flat[inside]]  # where a run begins
        level, alive, length = flat[place], np.arange(place.size), np.ones(place.size, np.int64)
        while alive.size:
            place = place + stride
            goes_on = flat[place] == level[alive]
            place, alive = place[goes_on], alive[goes_on]
            length[alive] += 1
        found.append((level, length))
    return _table(np.concatenate([level for level, _ in found]), np.concatenate([size for _, size in found]), bins)


def zone_sizes(padded: Levels, bins: int, offsets: Sequence[Offset]) -> Counts:
    """(bins, largest) connected zones of one level, by level and size."""
    structure = np.zeros((3, 3, 3), bool)
    for offset in (*offsets, (0, 0, 0)):
        structure[tuple(np.add(offset, 1))] = structure[tuple(np.subtract(1, offset))] = True
    found = []
    for level in np.unique(padded[padded > 0]):
        zones, count = ndimage.label(padded == level, structure)
        found.append((np.full(count, level), np.bincount(zones.ravel())[1:]))
    return _table(np.concatenate([level for level, _ in found]), np.concatenate([size for _, size in found]), bins)


def dependences(padded: Levels, bins: int, offsets: Sequence[Offset]) -> Counts:
    """(bins, most) voxels by level and by how many of the voxel and its neighbours have that level (coarseness 0)."""
    flat = padded.ravel()
    inside = np.flatnonzero(flat)
    alike = np.ones(inside.size, np.int64)
    for stride in _strides(padded, offsets):
        alike += (flat[inside + stride] == flat[inside]).astype(np.int64) + (flat[inside - stride] == flat[inside])
    return _table(flat[inside], alike, bins)


def tone_differences(padded: Levels, bins: int, offsets: Sequence[Offset]) -> tuple[Counts, Counts]:
    """For each level: voxels that have a neighbour, and the sum of their distances from their neighbours' mean."""
    flat = padded.ravel()
    inside = np.flatnonzero(flat)
    total, neighbours = np.zeros(inside.size), np.zeros(inside.size)
    for stride in _strides(padded, offsets):
        for place in (inside + stride, inside - stride):
            total += flat[place]
            neighbours += flat[place] > 0
    some = neighbours > 0
    level = flat[inside][some]
    apart = np.abs(level - total[some] / neighbours[some])
    counts = np.bincount(level, minlength=bins + 1)[1:].astype(np.float64)
    return counts, np.asarray(np.bincount(level, weights=apart, minlength=bins + 1)[1:], np.float64)


def glcm_features(matrix: Counts) -> dict[str, float]:
    """Features of a co-occurrence matrix; all 0 if no voxel has a neighbour."""
    p = matrix / max(matrix.sum(), 1.0)
    bins = len(p)
    level = np.arange(1, bins + 1, dtype=np.float64)
    i, j = level[:, None], level[None, :]
    apart = np.bincount(np.abs(i - j).astype(np.int64).ravel(), weights=p.ravel())
    step = np.arange(apart.size)
    mean = float(p.sum(1) @ level)
    variance = float(p.sum(1) @ (level - mean) ** 2)
    together = i + j - 2 * mean
    average = float(apart @ step)
    return {
        "joint_maximum": float(p.max()),
        "joint_average": mean,
        "joint_variance": variance,
        "joint_entropy": _entropy(p),
        "difference_average": average,
        "difference_variance": float(apart @ (step - average) ** 2),
        "difference_entropy": _entropy(apart),
        "angular_second_moment": float((p**2).sum()),
        "contrast": float(apart @ step**2),
        "inverse_difference": float(apart @ (1 / (1 + step))),
        "inverse_difference_moment": float(apart @ (1 / (1 + step**2))),
        "correlation": float((p * (i - mean) * (j - mean)).sum() / variance) if variance > 0 else 0.0,
        "cluster_shade": float((p * together**3).sum()),
        "cluster_prominence": float((p * together**4).sum()),
    }


def size_features(matrix: Counts, voxels: float) -> dict[str, float]:
    """Features of a matrix (levels, sizes): runs, zones or dependences; `voxels` are those that were gathered in it."""
    total = float(matrix.sum())
    p = matrix / total
    i = np.arange(1, p.shape[0] + 1, dtype=np.float64)[:, None]
    j = np.arange(1, p.shape[1] + 1, dtype=np.float64)[None, :]
    return {
        "small_emphasis": float((p / j**2).sum()),
        "large_emphasis": float((p * j**2).sum()),
        "low_grey_emphasis": float((p / i**2).sum()),
        "high_grey_emphasis": float((p * i**2).sum()),
        "small_low_emphasis": float((p / (i * j) ** 2).sum()),
        "small_high_emphasis": float((p * i**2 / j**2).sum()),
        "large_low_emphasis": float((p * j**2 / i**2).sum()),
        "large_high_emphasis": float((p * (i * j) ** 2).sum()),
        "grey_non_uniformity": float((p.sum(1) ** 2).sum()),
        "size_non_uniformity": float((p.sum(0) ** 2).sum()),
        "percentage": total / voxels,
        "grey_variance": float((p * (i - (p * i).sum()) ** 2).sum()),
        "size_variance": float((p * (j - (p * j).sum()) ** 2).sum()),
        "entropy": _entropy(p),
    }


def ngtdm_features(counts: Counts, apart: Counts) -> Mapping[str, float]:
    """Features of the neighbourhood grey tone differences; 0 where undefined (one level alone)."""
    total = float(counts.sum())
    if total == 0:
        return dict.fromkeys(("coarseness", "contrast", "busyness", "complexity", "strength"), 0.0)
    there = counts > 0
    p, s = counts[there] / total, apart[there]
    level = np.flatnonzero(there) + 1.0
    i, j = level[:, None], level[None, :]
    pi, pj, si, sj = p[:, None], p[None, :], s[:, None], s[None, :]
    weighted, several = float(p @ s), level.size > 1
    spread = float((pi * pj * (i - j) ** 2).sum()) / (level.size * (level.size - 1)) if several else 0.0
    moved = float(np.abs(i * pi - j * pj).sum())
    return {
        "coarseness": 1 / weighted if weighted > 0 else 0.0,
        "contrast": spread * float(s.sum()) / total,
        "busyness": weighted / moved if several and moved > 0 else 0.0,
        "complexity": float((np.abs(i - j) * (pi * si + pj * sj) / (pi + pj)).sum()) / total,
        "strength": float(((pi + pj) * (i - j) ** 2).sum()) / float(s.sum()) if s.sum() > 0 else 0.0,
    }


def _strides(padded: Levels, offsets: Sequence[Offset]) -> list[int]:
    """Each direction as a step in the flattened array."""
    _, rows, columns = padded.shape
    return [(dz * rows + dy) * columns + dx for dz, dy, dx in offsets]


def _table(level: Levels, size: Levels, bins: int) -> Counts:
    """(bins, largest size) counts of pairs."""
    largest = int(size.max())
    counts = np.bincount((level - 1) * largest + size - 1, minlength=bins * largest)
    return counts.reshape(bins, largest).astype(np.float64)


def _entropy(p: npt.NDArray[Any]) -> float:
    """In bits."""
    some = p[p > 0]
    return float(-(some * np.log2(some)).sum()) if some.size else 0.0
