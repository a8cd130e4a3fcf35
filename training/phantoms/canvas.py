"""A detector plane in millimetres, and shapes drawn on it as path lengths.

Coordinates: x (mm) to the right of the picture, y (mm) downwards, both measured in the detector plane.
Arrays are float32 (rows, columns); a path length says how many mm of a material the ray to that pixel crosses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

Array = npt.NDArray[np.float32]
Point = tuple[float, float]


@dataclass(frozen=True)
class Canvas:
    """rows x columns square pixels of pitch mm; (left, top) are the mm coordinates of the outer corner."""

    rows: int
    columns: int
    pitch: float
    left: float
    top: float

    @cached_property
    def x(self) -> Array:
        """Column centres, mm, (1, columns)."""
        return (self.left + (np.arange(self.columns, dtype=np.float32) + 0.5) * self.pitch)[None, :]

    @cached_property
    def y(self) -> Array:
        """Row centres, mm, (rows, 1)."""
        return (self.top + (np.arange(self.rows, dtype=np.float32) + 0.5) * self.pitch)[:, None]

    def zeros(self) -> Array:
        """An empty layer."""
        return np.zeros((self.rows, self.columns), np.float32)

    def edge(self, distance: Array, softness: float = 0.0) -> Array:
        """1 where distance (mm) is positive, 0 where negative, over a ramp of one pixel or `softness` mm."""
        ramp = max(self.pitch, softness)
        return np.asarray(np.clip(distance / ramp + 0.5, 0, 1), np.float32)

    def ellipsoid(self, centre: Point, half: Point, depth: float, angle: float = 0.0) -> Array:
        """Chord length (mm) through an ellipsoid: half axes (mm) in the plane, `depth` its greatest chord."""
        cos, sin = np.cos(angle), np.sin(angle)
        dx, dy = self.x - centre[0], self.y - centre[1]
        u, v = (dx * cos + dy * sin) / half[0], (dy * cos - dx * sin) / half[1]
        return np.asarray(depth * np.sqrt(np.clip(1 - u * u - v * v, 0, None)), np.float32)

    def lines(self, strokes: Sequence[tuple[Sequence[Point], float, float]], blur: float = 0.0) -> Array:
        """Strokes (points, width in mm, value) drawn one over the other, then blurred by `blur` mm (SD).

        A later stroke replaces an earlier one, so a wide stroke and a narrow one inside it make a tube with walls.
        A stroke thinner than a pixel is drawn one pixel wide with its value thinned out to the same area.
        """
        image = Image.new("F", (self.columns, self.rows), 0.0)
        draw = ImageDraw.Draw(image)
        for points, width, value in strokes:
            pixels = [((px - self.left) / self.pitch, (py - self.top) / self.pitch) for px, py in points]
            wide = width / self.pitch
            draw.line(pixels, fill=value * min(1.0, wide), width=max(1, round(wide)), joint="curve")
        return self.blurred(np.asarray(image, np.float32), blur)

    def polygon(self, points: Sequence[Point], blur: float = 0.0) -> Array:
        """1 inside the polygon, 0 outside, blurred by `blur` mm (SD)."""
        image = Image.new("F", (self.columns, self.rows), 0.0)
        pixels = [((px - self.left) / self.pitch, (py - self.top) / self.pitch) for px, py in points]
        ImageDraw.Draw(image).polygon(pixels, fill=1.0)
        return self.blurred(np.asarray(image, np.float32), blur)

    def blurred(self, layer: Array, sd: float) -> Array:
        """The layer after a Gaussian of SD `sd` mm."""
        if sd <= 0:
            return layer.copy()
        return np.asarray(ndimage.gaussian_filter(layer, sd / self.pitch, truncate=3.0), np.float32)

    def noise(self, rng: np.random.Generator, scale: float) -> Array:
        """A smooth random field of mean 0 and SD 1 whose features are about `scale` mm wide.

        Drawn on a lattice of scale / 4 and interpolated, so that the picture hardly depends on the pixel pitch.
        """
        step = scale / 4
        shape = (int(self.rows * self.pitch / step) + 4, int(self.columns * self.pitch / step) + 4)
        lattice = rng.standard_normal(shape).astype(np.float32)
        rows = (np.arange(self.rows) + 0.5) * self.pitch / step + 1
        columns = (np.arange(self.columns) + 0.5) * self.pitch / step + 1
        smooth = ndimage.gaussian_filter(lattice, 1.6)
        field = bilinear(smooth, rows, columns)
        return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), np.float32)


def bilinear(lattice: Array, rows: npt.NDArray[np.floating], columns: npt.NDArray[np.floating]) -> Array:
    """Bilinear values of a lattice at the product of rows and columns."""
    r, c = rows.astype(int), columns.astype(int)
    fr, fc = (rows - r).astype(np.float32)[:, None], (columns - c).astype(np.float32)
    line = lattice[:, c] * (1 - fc) + lattice[:, c + 1] * fc
    return np.asarray(line[r] * (1 - fr) + line[r + 1] * fr, np.float32)


def curve(control: Sequence[Point], samples: int = 24) -> list[Point]:
    """Points along a smooth curve through the control points (Catmull-Rom)."""
    p = np.asarray(control, np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, len(control) - 1 - 1e-9, samples)
    k, f = t.astype(int), (t % 1)[:, None]
    a, b, c, d = p[k], p[k + 1], p[k + 2], p[k + 3]
    out = 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
    return [(float(u), float(v)) for u, v in out]
