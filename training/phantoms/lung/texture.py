"""Random fields that are functions of place, not of the lattice: smooth noise and cells."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from training.phantoms.lung.lattice import Array, Lattice

SIDE = 20  # steps after which a field repeats; assumption: 20 x 12 mm is longer than what is looked at together


@dataclass(frozen=True)
class Field:
    """Smooth noise of mean 0 and SD 1; `step`: mm between its nodes, features are about three steps wide."""

    tile: Array = field(repr=False)  #: (SIDE, SIDE, SIDE), repeating
    step: float
    shift: tuple[float, float, float]  #: (z, y, x) mm

    @classmethod
    def draw(cls, rng: np.random.Generator, scale: float) -> "Field":
        """A field with features about `scale` mm wide."""
        tile = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE, SIDE), dtype=np.float32), 0.8, mode="wrap")
        tile = (tile - tile.mean()) / (tile.std() * 0.8)  # 0.8: interpolation smooths
        a, b, c = (float(s) for s in rng.uniform(0, 100, 3))
        return cls(np.asarray(tile, np.float32), scale / 3, (a, b, c))

    def on(self, lattice: Lattice) -> Array:
        """(Z, Y, X) values, interpolated one axis after another."""
        out = self.tile
        for axis, at, shift in ((2, lattice.x, self.shift[2]), (1, lattice.y, self.shift[1]),
                                (0, lattice.z, self.shift[0])):  # fmt: skip
            place = (at.astype(np.float64) + shift) / self.step
            low = np.floor(place)
            share = (place - low).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(3)])
            start = low.astype(np.intp) % SIDE
            first = np.take(out, start, axis)
            out = first + share * (np.take(out, (start + 1) % SIDE, axis) - first)
        return np.asarray(out, np.float32)


@dataclass(frozen=True)
class Cells:
    """Space parted into cells about `size` mm wide, each around a random point (Worley 1996)."""

    nodes: Array = field(repr=False)  #: (SIDE, SIDE, SIDE, 3), 0..1 within a cube of the lattice, repeating
    size: float

    @classmethod
    def draw(cls, rng: np.random.Generator, size: float) -> "Cells":
        """Cells of this size."""
        return cls(rng.uniform(0.15, 0.85, (SIDE, SIDE, SIDE, 3)).astype(np.float32), size)

    def wall(self, z: Array, y: Array, x: Array) -> Array:
        """How far each point (1-D arrays, mm) lies from the wall between the two nearest cells, mm (approximate)."""
        at = np.stack([z, y, x], -1) / np.float32(self.size)
        corner = np.floor(at - np.float32(0.5)).astype(np.intp)
        first = np.full(len(at), 9, np.float32)
        second = first.copy()
        for a in (0, 1):
            for b in (0, 1):
                for c in (0, 1):
                    cube = corner + np.array([a, b, c])
                    index: tuple[npt.NDArray[np.intp], ...] = tuple((cube % SIDE).T)
                    away = self.nodes[index] + (cube - at).astype(np.float32)
                    distance = np.sqrt((away * away).sum(1))
                    np.minimum(second, np.maximum(first, distance), out=second)
                    np.minimum(first, distance, out=first)
        return np.asarray((second - first) * np.float32(self.size / 2), np.float32)
