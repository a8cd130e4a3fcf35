"""Rotation, scaling and translation that put two vertebrae where the network expects them, and the way back.

Points are (column, row), (0, 0) the top left corner of the top left pixel, as in `screening.findings`. As complex
numbers, column + i row, a similarity transform is z -> factor * z + offset.
"""

import cmath
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.framing import Array
from models.tensors import tensor_over
from screening.findings import Point

Points = npt.NDArray[np.float64]

CANVAS = 384  # pixels along each side of the aligned picture
FIRST: Point = (192.0, 64.0)  # where L1 comes to lie
LAST: Point = (192.0, 320.0)  # where L5 comes to lie
CLOSEST = 1e-6  # pixels: two points that are nearer say nothing of a direction


def _finite(points: Points) -> Points:
    found = np.asarray(points, np.float64)
    if found.shape[-1:] != (2,) or not np.isfinite(found).all():
        raise ValueError(f"points must be finite (column, row) pairs, got an array of {found.shape}")
    return found


@dataclass(frozen=True)
class Similarity:
    """z -> factor * z + offset. There is no mirror image among these transforms.

    Raises ValueError when the numbers are not finite or the factor is 0.
    """

    factor: complex
    offset: complex

    def __post_init__(self) -> None:
        if not (cmath.isfinite(self.factor) and cmath.isfinite(self.offset)) or self.factor == 0:
            raise ValueError(f"factor must be finite and not 0, offset finite, got {self.factor} and {self.offset}")

    @classmethod
    def between(cls, source: tuple[Point, Point], target: tuple[Point, Point]) -> "Similarity":
        """The only one that sends the two points of source to the two of target.

        Raises
        ------
        ValueError
            The two points of a pair coincide, or one is not finite.
        """
        (a, b), (c, d) = ((complex(*p), complex(*q)) for p, q in (source, target))
        if not (abs(b - a) > CLOSEST and abs(d - c) > CLOSEST):
            raise ValueError("two points of a pair must be finite and not coincide")
        factor = (d - c) / (b - a)
        return cls(factor, c - factor * a)

    @property
    def scale(self) -> float:
        """Target pixels for each source pixel."""
        return abs(self.factor)

    @property
    def inverse(self) -> "Similarity":
        """The way back."""
        return Similarity(1 / self.factor, -self.offset / self.factor)

    def apply(self, points: Points) -> Points:
        """(..., 2) -> (..., 2) float64, column and row. Raises ValueError for points that are not finite."""
        found = _finite(points)
        moved = self.factor * (found[..., 0] + 1j * found[..., 1]) + self.offset
        return np.stack([moved.real, moved.imag], -1)

    def resample(self, image: Array, size: int) -> Array:
        """The picture after the transform, bilinear with antialiasing, 0 where there is no source.

        float32 (rows, columns) -> float32 (size, size).
        """
        rows, columns = image.shape
        picture = tensor_over(image)[None, None]
        if self.scale < 1:
            small = (max(1, round(rows * self.scale)), max(1, round(columns * self.scale)))
            picture = functional.interpolate(picture, size=small, mode="bilinear", antialias=True)
        # relative coordinates from -1 to 1 are those of the edges, whatever the picture's size has become
        source = self.inverse.apply(pixel_centres(size)) / (columns, rows) * 2 - 1
        grid = torch.from_numpy(source.astype(np.float32))[None]
        found = functional.grid_sample(picture, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return np.asarray(found[0, 0].numpy(), np.float32)


def pixel_centres(size: int) -> Points:
    """(size, size, 2): column and row of the centre of each pixel of a square."""
    along = np.arange(size) + 0.5
    return np.stack(np.meshgrid(along, along, indexing="xy"), -1)


def align(first: Point, last: Point) -> Similarity:
    """The transform that sends the first vertebra to (192, 64) and the last to (192, 320).

    That is rotation and translation, then the crop and resize that make two lengths equal.

    Raises
    ------
    ValueError
        The points coincide or are not finite.
    """
    return Similarity.between((first, last), (FIRST, LAST))
