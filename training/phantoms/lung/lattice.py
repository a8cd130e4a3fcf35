"""Where a chest is painted: slices at any heights on a lattice of square pixels, and balls painted on them.

World axes are DICOM's: x to the patient's left, y to the back, z to the head, mm, 0 at the carina. What is painted is a
function of these alone, so that a few slices show what the whole volume shows there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from training.phantoms.spine.grid import Array, Box, edge

__all__ = ["Array", "Box", "Lattice", "Points", "Tubes", "capsule", "edge", "ellipsoid", "paint_balls"]

Points = npt.NDArray[np.float64]
"""(P, 3): x, y, z in mm."""

CLASSES = (1.2, 2.5, 5.0, 10.0, 1e9)  # mm: balls are painted together up to these radii


@dataclass(frozen=True)
class Tubes:
    """Balls along tubes: points (P, 3) as x, y, z in mm and radii (P,)."""

    points: Points = field(repr=False)
    radii: npt.NDArray[np.float64] = field(repr=False)

    def chosen(self, keep: npt.NDArray[np.bool_]) -> "Tubes":
        """Those balls only."""
        return Tubes(self.points[keep], self.radii[keep])

    def grown(self, more: float) -> "Tubes":
        """The same tubes, thicker by `more` mm around."""
        return Tubes(self.points, self.radii + more)


@dataclass(frozen=True)
class Lattice:
    """Slices at heights z (mm, rising, any distances), pixels at y and x (mm, `pixel` apart)."""

    z: Array
    y: Array
    x: Array
    pixel: float

    @classmethod
    def square(cls, heights: Array, middle: tuple[float, float], shape: tuple[int, int], pixel: float) -> "Lattice":
        """Slices of (rows, columns) pixels around the middle (y, x)."""
        y, x = (
            (m + pixel * (np.arange(n) - (n - 1) / 2)).astype(np.float32) for m, n in zip(middle, shape, strict=True)
        )
        return cls(np.asarray(heights, np.float32), y, x, pixel)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(Z, Y, X)."""
        return len(self.z), len(self.y), len(self.x)

    @cached_property
    def opened(self) -> tuple[Array, Array, Array]:
        """z, y, x as arrays that broadcast to the shape."""
        return self.z[:, None, None], self.y[None, :, None], self.x[None, None, :]

    def open(self, box: Box) -> tuple[Array, Array, Array]:
        """z, y, x of the box as arrays that broadcast to it."""
        return self.z[box[0], None, None], self.y[None, box[1], None], self.x[None, None, box[2]]

    def box(self, low: Sequence[float], high: Sequence[float]) -> Box | None:
        """The part between low and high, (z, y, x) mm; None when no voxel is within."""
        parts = []
        for axis, a, b in zip((self.z, self.y, self.x), low, high, strict=True):
            start, stop = int(np.searchsorted(axis, a)), int(np.searchsorted(axis, b, side="right"))
            if start >= stop:
                return None
            parts.append(slice(start, stop))
        return parts[0], parts[1], parts[2]


def ellipsoid(
    lattice: Lattice, centre: Sequence[float], half: Sequence[float], frame: Points | None = None
) -> tuple[Box, Array] | None:
    """Depth (mm, positive inside, approximate) below the surface of an ellipsoid; None where it is not seen.

    centre and half axes (x, y, z) mm; frame: rows are its axes.
    """
    turned = np.eye(3) if frame is None else frame
    reach = np.sqrt(((turned * np.asarray(half)[:, None]) ** 2).sum(0)) + 2 * lattice.pixel
    middle = np.asarray(centre, float)
    box = lattice.box((middle - reach)[::-1].tolist(), (middle + reach)[::-1].tolist())
    if box is None:
        return None
    z, y, x = lattice.open(box)
    dz, dy, dx = z - np.float32(centre[2]), y - np.float32(centre[1]), x - np.float32(centre[0])
    # A quadratic form: its parts are small planes until the sums
    a = sum(np.outer(axis, axis) / radius**2 for axis, radius in zip(turned, half, strict=True))
    f = np.asarray(a, np.float32)
    plane = f[1, 1] * dy * dy + f[0, 0] * dx * dx + 2 * f[0, 1] * dy * dx
    total = plane + (f[2, 2] * dz * dz + 2 * f[1, 2] * dz * dy) + 2 * f[0, 2] * dz * dx
    return box, np.asarray((1 - np.sqrt(np.maximum(total, 0))) * np.float32(min(half)), np.float32)


def capsule(lattice: Lattice, start: Points, end: Points, radius: tuple[float, float]) -> tuple[Box, Array] | None:
    """Depth (mm, positive inside) below the surface of a cone with round ends; None where it is not seen."""
    wide = max(radius) + lattice.pixel
    low, high = np.minimum(start, end) - wide, np.maximum(start, end) + wide
    box = lattice.box(low[::-1].tolist(), high[::-1].tolist())
    if box is None:
        return None
    z, y, x = lattice.open(box)
    line = (end - start).astype(np.float32)
    dz, dy, dx = z - np.float32(start[2]), y - np.float32(start[1]), x - np.float32(start[0])
    t = np.clip((dx * line[0] + dy * line[1] + dz * line[2]) / max(float(line @ line), 1e-6), 0, 1)
    away = np.sqrt((dx - t * line[0]) ** 2 + (dy - t * line[1]) ** 2 + (dz - t * line[2]) ** 2)
    return box, np.asarray(radius[0] + t * (radius[1] - radius[0]) - away, np.float32)


def paint_balls(volume: Array, scratch: Array, lattice: Lattice, tubes: Tubes, value: float) -> None:
    """Paint the union of balls with `value`; chains of balls are tubes.

    scratch: zeros of the volume's shape, left as zeros. Balls thinner than a pixel cover a part of it.
    """
    points, radii = tubes.points, tubes.radii
    flat, marks = volume.reshape(-1), scratch.reshape(-1)
    touched = []
    low = 0.0
    for high in CLASSES:
        chosen = (radii > low) & (radii <= high)
        low = high
        if chosen.any():
            where, cover = _balls(lattice, points[chosen], radii[chosen])
            np.maximum.at(marks, where, cover)
            touched.append(where)
    if touched:
        where = np.concatenate(touched)
        before = flat[where]
        flat[where] = before + marks[where] * (np.float32(value) - before)
        marks[where] = 0


def _balls(lattice: Lattice, points: Points, radii: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.intp], Array]:
    """Flat indices of the voxels near the balls and their cover; a voxel may come more than once."""
    pixel = lattice.pixel
    reach = radii + pixel / 2
    first = np.searchsorted(lattice.z, points[:, 2] - reach)
    count = np.searchsorted(lattice.z, points[:, 2] + reach) - first
    pair = np.repeat(np.arange(len(points)), count)
    if not len(pair):
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    level = first[pair] + np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    r = radii[pair].astype(np.float32)
    up = (lattice.z[level] - points[pair, 2]).astype(np.float32)
    side = int(np.ceil(float(reach.max()) / pixel))
    offsets = np.arange(-side, side + 2)
    squares, places, inside = [], [], []
    for axis, k in ((lattice.y, 1), (lattice.x, 0)):
        at = (points[pair, k] - axis[0]) / pixel
        index = np.floor(at).astype(np.intp)[:, None] + offsets
        squares.append((((index - at[:, None]) * pixel) ** 2).astype(np.float32))
        inside.append((index >= 0) & (index < len(axis)))
        places.append(index)
    away = np.sqrt((up * up)[:, None, None] + squares[0][:, :, None] + squares[1][:, None, :])
    cover = edge(r[:, None, None] - away, pixel) * np.minimum(2 * r / np.float32(pixel), 1)[:, None, None]
    seen = (cover > 0) & inside[0][:, :, None] & inside[1][:, None, :]
    rows, columns = len(lattice.y), len(lattice.x)
    where = (level[:, None, None] * rows + places[0][:, :, None]) * columns + places[1][:, None, :]
    return where[seen], cover[seen]
