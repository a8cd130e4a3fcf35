"""Sixteen axial slices through T12-L5 of the person that `make_spine_ct` gives for the same seed, and nothing between.

A network that looks at slices needs thousands of people; a whole CT costs ten times as much. Anatomy, scanner and truth
are the whole CT's; the random texture of spongiosa, fat and noise is another draw of the same kind, and there is
no bowel.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from models.bone_muscle_ct.layout import LEVELS, Layout, lay_out
from training.phantoms.spine import acquisition as scanner
from training.phantoms.spine import muscles
from training.phantoms.spine.acquisition import Acquisition, draw_acquisition
from training.phantoms.spine.anatomy import Anatomy, draw_anatomy
from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.grid import Array, Box, Grid, Vector
from training.phantoms.spine.phantom import Truth, draw_person, measure, paint_all, scan_grid
from training.phantoms.spine.vertebrae import LABEL

THICKNESS = 2.0  # mm, as the volume at 2 mm that is segmented
SPINAL = ("psoas", "erector_spinae", "multifidus", "quadratus")  #: muscles along the spine
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Slices(Grid):
    """A lattice whose slices lie at any height; heights: z of each slice in mm, rising.

    `spacing[0]` is the mean gap between slices, by which random textures are drawn.
    """

    heights: tuple[float, ...] = ()

    @classmethod
    def at(cls, heights: Sequence[float], centre: tuple[float, float], size: int, pixel: float) -> "Slices":
        """Square slices of size x size pixels of `pixel` mm around centre (x, y) mm at these heights (mm).

        Raises
        ------
        ValueError
            If the heights do not rise.
        """
        gaps = np.diff(heights)
        if len(heights) < 2 or not (gaps > 0).all():
            raise ValueError("heights must be two or more and rise")
        half = (size - 1) / 2 * pixel
        shape = (len(heights), size, size)
        origin = (heights[0], centre[1] - half, centre[0] - half)
        return cls(shape, (float(gaps.mean()), pixel, pixel), origin, tuple(heights))

    @cached_property
    def axes(self) -> tuple[Array, Array, Array]:
        """Voxel centres along z, y and x in mm, as 1-D arrays."""
        _, y, x = Grid(self.shape, self.spacing, self.origin).axes
        return np.asarray(self.heights, np.float32), y, x

    @property
    def voxel(self) -> float:
        """The side of a cube as large as a voxel of one slice, mm."""
        return float((THICKNESS * self.spacing[1] * self.spacing[2]) ** (1 / 3))

    def box(self, low: Sequence[float] | Vector, high: Sequence[float] | Vector) -> Box | None:
        """The part of the lattice between low and high, (z, y, x) mm; None when it is empty."""
        first, last = bisect_left(self.heights, low[0]), bisect_left(self.heights, high[0])
        if first >= last:
            return None
        parts = [slice(first, last)]
        for a, b, o, s, n in zip(low[1:], high[1:], self.origin[1:], self.spacing[1:], self.shape[1:], strict=True):
            start, stop = max(0, floor((a - o) / s)), min(n, ceil((b - o) / s) + 1)
            if start >= stop:
                return None
            parts.append(slice(start, stop))
        return parts[0], parts[1], parts[2]

    def index(self, point: Sequence[float]) -> tuple[float, float, float]:
        """Index of a point (x, y, z) in mm: that of the nearest slice along z, fractional along y and x."""
        _, y, x = super().index(point)
        return float(np.argmin(np.abs(np.asarray(self.heights) - point[2]))), y, x

    def slab(self, k: int) -> slice:
        """The slice alone: its neighbours are far away."""
        return slice(k, k + 1)


@dataclass(frozen=True, kw_only=True)
class SpineSlices:
    """hu: float32 (S, size, size), slices from feet to head, y to the back, x to the left; masks of the same shape.

    bone: vertebrae T12-L5; muscle: the muscles along the spine. truth is `make_spine_ct`'s
    but for the muscles, which are measured within the slices' field: psoas and the back, without the wall.
    """

    seed: int
    hu: Array = field(repr=False)
    bone: Bools = field(repr=False)
    muscle: Bools = field(repr=False)
    layout: Layout
    anatomy: Anatomy = field(repr=False)
    acquisition: Acquisition
    truth: Truth = field(repr=False)


def make_spine_slices(
    seed: int, *, size: int = 96, pixel: float = 2.0, external: bool = False,
    hardware: bool = True, fractures: Mapping[str, Fracture] | None = None,
) -> SpineSlices:  # fmt: skip
    """The slices of `layout.PLACES`, `size` pixels of `pixel` mm square.

    Parameters
    ----------
    seed
        Decides everything that is not given, as in `make_spine_ct`.
    size, pixel
        Of a slice: pixels along a side, and mm.
    external
        Scanner of another hospital.
    hardware
        False leaves metal out.
    fractures
        By level, instead of drawn ones.
    """
    age, sex = draw_person(seed)
    anatomy = draw_anatomy(seed, age=age, sex=sex, fractures=None if fractures is None else dict(fractures))
    rng = np.random.default_rng([seed, 34])
    scan = draw_acquisition(rng, external=external)
    bodies = {v.level: _point(v.keypoint) for v in anatomy.vertebrae}
    places = lay_out(bodies)
    grid = Slices.at(places.heights, places.centre, size, pixel)
    painted = paint_all(grid, anatomy, bone=scan.bone, seed=seed, table=scan.table, bowel=False)
    metal = scanner.paint_metal(painted.volume, grid, anatomy, rng) if scan.metal and hardware else ()
    truth = measure(
        painted.volume, painted.muscle_labels, grid, anatomy, trabecular=painted.trabecular, metal=metal,
        cut_off=scan.margin < 0,
    )  # fmt: skip
    hu = scanner.expose(painted.volume, grid, replace(scan, round_field=False), rng)
    _crop(hu, grid, scan_grid(anatomy, (THICKNESS, pixel, pixel), scan.margin))
    return SpineSlices(
        seed=seed, hu=hu, bone=np.isin(painted.vertebra_labels, [LABEL[k] for k in LEVELS]),
        muscle=np.isin(painted.muscle_labels, [muscles.LABELS[k] for k in SPINAL]), layout=places, anatomy=anatomy,
        acquisition=scan, truth=truth,
    )  # fmt: skip


def _point(place: Vector) -> tuple[float, float, float]:
    x, y, z = (float(p) for p in place)
    return x, y, z


def _crop(hu: Array, grid: Grid, field_of_view: Grid) -> None:
    """Leave nothing of what lies outside the scanner's field of view."""
    for axis in (1, 2):
        seen, here = field_of_view.axes[axis], grid.axes[axis]
        outside = (here < seen[0] - field_of_view.spacing[axis]) | (here > seen[-1] + field_of_view.spacing[axis])
        np.moveaxis(hu, axis, 0)[outside] = -1024
