"""A voxel lattice in patient millimetres and the few strokes with which bodies are painted on it.

World axes are DICOM's: x to the patient's left, y to the back, z to the head, mm; arrays are (Z, Y, X) with z rising.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Array = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Grid:
    """Lattice of shape (Z, Y, X) with spacing (z, y, x) mm; origin (z, y, x) is the centre of voxel 0."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]

    @classmethod
    def around(cls, low: Sequence[float], high: Sequence[float], spacing: tuple[float, float, float]) -> "Grid":
        """The grid that covers low..high, both (z, y, x) mm."""
        count = [max(1, int(np.ceil((b - a) / s))) for a, b, s in zip(low, high, spacing, strict=True)]
        origin = [a + s / 2 for a, s in zip(low, spacing, strict=True)]
        return cls((count[0], count[1], count[2]), spacing, (origin[0], origin[1], origin[2]))

    @cached_property
    def axes(self) -> tuple[Array, Array, Array]:
        """Voxel centres along z, y and x in mm, as 1-D arrays."""
        z, y, x = (
            (o + s * np.arange(n)).astype(np.float32)
            for o, s, n in zip(self.origin, self.spacing, self.shape, strict=True)
        )
        return z, y, x

    @cached_property
    def voxel(self) -> float:
        """The side of a cube as large as a voxel, mm."""
        return float(np.prod(self.spacing) ** (1 / 3))

    def box(self, low: Sequence[float] | Vector, high: Sequence[float] | Vector) -> Box | None:
        """The part of the lattice between low and high, (z, y, x) mm; None when it is empty."""
        parts = []
        for a, b, o, s, n in zip(low, high, self.origin, self.spacing, self.shape, strict=True):
            start, stop = max(0, int(np.floor((a - o) / s))), min(n, int(np.ceil((b - o) / s)) + 1)
            if start >= stop:
                return None
            parts.append(slice(start, stop))
        return parts[0], parts[1], parts[2]

    def open(self, box: Box | None = None) -> tuple[Array, Array, Array]:
        """z, y, x of the box as arrays that broadcast to it."""
        z, y, x = self.axes
        if box is not None:
            z, y, x = z[box[0]], y[box[1]], x[box[2]]
        return z[:, None, None], y[None, :, None], x[None, None, :]

    def index(self, point: Sequence[float]) -> tuple[float, float, float]:
        """Fractional (z, y, x) index of a point (x, y, z) in mm."""
        z, y, x = ((p - o) / s for p, o, s in zip(reversed(point), self.origin, self.spacing, strict=True))
        return z, y, x

    def slab(self, k: int) -> slice:
        """Slice k and what lies close to it: three slices on either side."""
        return slice(max(0, k - 3), k + 4)


def edge(distance: Array, ramp: float) -> Array:
    """1 where distance (mm) is positive, 0 where negative, linear over a voxel's width."""
    return np.asarray(np.clip(distance / np.float32(ramp) + np.float32(0.5), 0, 1), np.float32)


def paint(volume: Array, box: Box, cover: Array, value: float | Array) -> None:
    """Replace the share `cover` of each voxel of the box by `value`."""
    part = volume[box]
    part += cover * (np.float32(value) - part if isinstance(value, float) else value - part)


def label(labels: npt.NDArray[np.uint8], box: Box, cover: Array, number: int) -> None:
    """Give the voxels that are covered for more than half this label."""
    labels[box][cover > 0.5] = number


def ellipsoid(
    grid: Grid, centre: Sequence[float], half: Sequence[float], frame: Vector | None = None
) -> tuple[Box, Array] | None:
    """Cover of an ellipsoid: centre and half axes (x, y, z) mm; frame: rows are its axes. None outside the grid."""
    turned = np.eye(3) if frame is None else frame
    reach = np.sqrt(((turned * np.asarray(half)[:, None]) ** 2).sum(0)) + grid.voxel
    found = grid.box([c - r for c, r in zip(centre[::-1], reach[::-1], strict=True)],
                     [c + r for c, r in zip(centre[::-1], reach[::-1], strict=True)])  # fmt: skip
    if found is None:
        return None
    z, y, x = grid.open(found)
    dz, dy, dx = z - np.float32(centre[2]), y - np.float32(centre[1]), x - np.float32(centre[0])
    total: Array | float = 0.0
    for axis, radius in zip(turned.astype(np.float32), half, strict=True):
        along = (axis[0] / np.float32(radius)) * dx + (axis[1] / np.float32(radius)) * dy
        along = along + (axis[2] / np.float32(radius)) * dz
        total = total + along * along
    norm = np.sqrt(np.asarray(total, np.float32))
    return found, edge((1 - norm) * np.float32(min(half)), grid.voxel)


def capsule(grid: Grid, start: Vector, end: Vector, radius: Sequence[float]) -> tuple[Box, Array, Array] | None:
    """Signed depth (mm, positive inside) below the surface of a cone with round ends, and its cover; None outside.

    radius: at the start and at the end, mm. Points are (x, y, z).
    """
    a, b = start[::-1], end[::-1]
    wide = max(radius) + grid.voxel
    found = grid.box(np.minimum(a, b) - wide, np.maximum(a, b) + wide)
    if found is None:
        return None
    z, y, x = grid.open(found)
    line = (end - start).astype(np.float32)
    dz, dy, dx = z - np.float32(start[2]), y - np.float32(start[1]), x - np.float32(start[0])
    t = np.clip((dx * line[0] + dy * line[1] + dz * line[2]) / max(float(line @ line), 1e-6), 0, 1)
    away = np.sqrt((dx - t * line[0]) ** 2 + (dy - t * line[1]) ** 2 + (dz - t * line[2]) ** 2)
    depth = np.asarray(radius[0] + t * (radius[1] - radius[0]) - away, np.float32)
    return found, depth, edge(depth, grid.voxel)


def smooth_noise(rng: np.random.Generator, grid: Grid, box: Box, scale: float) -> Array:
    """A random field of mean 0 and SD 1 on the box, features about `scale` mm wide, drawn on a coarser lattice."""
    step = max(scale / 2.5, grid.voxel * 0.75)
    shape = [max(2, round((s.stop - s.start) * d / step) + 2) for s, d in zip(box, grid.spacing, strict=True)]
    field = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), scale / step / 2.5)
    field = (field - field.mean()) / max(float(field.std()), 1e-6)
    for axis, (part, count) in enumerate(zip(box, shape, strict=True)):
        field = _stretch(field, axis, part.stop - part.start, count)
    return np.asarray(field, np.float32)


def _stretch(field: Array, axis: int, size: int, count: int) -> Array:
    at = np.linspace(0, count - 1.001, size)
    low = at.astype(int)
    share = (at - low).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(field.ndim)])
    return np.asarray(np.take(field, low, axis) * (1 - share) + np.take(field, low + 1, axis) * share, np.float32)
