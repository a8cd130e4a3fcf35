"""A child's radiograph as the network sees it: to scale where the size of a pixel is known, and the way back.

Most of what tells a child's age is size. Where the header gives mm per pixel, the picture is laid on a square of
`FIELD` mm, so that a pixel of the network is the same length in every child; what is larger is shrunk, never cut, and
the network is told by how much. Where it does not, the longer side fills the square and the network is told that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from models.framing import Array, Frame, Scaled, robust_scale
from screening.findings import Point
from screening.images import Radiograph

VERSION = "1"  #: part of the configuration digest: change it whenever a number changes
PERCENTILES = (0.5, 99.5)  # [0, 1] by 0.5/99.5 percentile
MEAN, SD = 0.30, 0.33  # about those of the simulated training pictures with their margins; no part of training
FIELD = 448.0  # mm that the square spans: a 430 mm plate with room to spare; assumption
LONGEST_MM = (60.0, 900.0)  # a longer side beyond these is a slip in the header, not a size; assumption
SQUARE = 0.02  # relative difference of row and column spacing up to which pixels count as square; assumption
FLAT = 0.02  # of the picture's range: what lies beyond the collimator varies less; assumption
MOST = 0.35  # of a side that is taken for collimated at most, at each end; assumption
SCALARS = 4  # boy, girl, size known, log size

Sex = Literal["M", "F"]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the exposed part of a picture lies in the network's square."""

    top: int  #: rows cut off above
    left: int  #: columns cut off at the left
    frame: Frame  #: the rest, fitted into a square of its own
    size: int  #: side of the network's square

    @property
    def margin(self) -> int:
        """Padding around the inner square, network pixels."""
        return (self.size - self.frame.size) // 2

    def to_network(self, point: Point) -> Point:
        """(column, row) in source pixels -> (column, row) in network pixels."""
        x, y = self.frame.to_network((point[0] - self.left, point[1] - self.top))
        return x + self.margin, y + self.margin

    def to_source(self, point: Point) -> Point:
        """(column, row) in network pixels -> (column, row) in source pixels; may lie outside the image."""
        x, y = self.frame.to_source((point[0] - self.margin, point[1] - self.margin))
        return x + self.left, y + self.top

    def apply(self, image: Array) -> Array:
        """float32 (source rows, columns) -> float32 (size, size), padded with 0."""
        inner = self.frame.apply(image[self.top :, self.left :][: self.frame.rows, : self.frame.columns])
        square = np.zeros((self.size, self.size), np.float32)
        end = self.margin + self.frame.size
        square[self.margin : end, self.margin : end] = inner
        return square


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A picture as the network takes it."""

    square: Array = field(repr=False)  #: float32 (size, size) in 0..1
    known: bool  #: whether it is to scale
    scale: float  #: log(mm that the square spans / FIELD): about 0, more where the picture was larger; 0 if unknown
    placement: Placement


def prepare(
    pixels: Array, spacing: tuple[float, float] | None, size: int, *, between: Scaled | None = None
) -> Prepared:
    """Lay a picture into the network's square.

    Parameters
    ----------
    pixels
        float32 (rows, columns), bone bright.
    spacing
        mm (between rows, between columns), or None. One that is not square, or makes the picture impossibly small or
        large, counts as unknown.
    size
        Side of the square, pixels.
    between
        The picture between PERCENTILES, where somebody has that already.
    """
    top, bottom, left, right = exposed(pixels, None if between is None else between.ends)
    cut = np.ascontiguousarray(pixels[top:bottom, left:right])
    rows, columns = cut.shape
    length = _millimetres(spacing, pixels.shape[0], pixels.shape[1], max(rows, columns))
    inner = size if length is None else max(1, min(size, round(size * length / FIELD)))
    placement = Placement(top=top, left=left, frame=Frame(rows=rows, columns=columns, size=inner), size=size)
    if between is not None and cut.shape == pixels.shape:
        whole = between.values
    else:
        whole = np.zeros_like(pixels, np.float32)
        whole[top:bottom, left:right] = robust_scale(cut, *PERCENTILES)
    return Prepared(
        square=placement.apply(whole), known=length is not None, placement=placement,
        scale=0.0 if length is None else math.log(length / inner * size / FIELD),
    )  # fmt: skip


def prepare_radiograph(image: Radiograph, size: int) -> Prepared:
    """`prepare` of a decoded radiograph."""
    return prepare(image.pixels, image.spacing, size)


def _millimetres(spacing: tuple[float, float] | None, rows: int, columns: int, longest: int) -> float | None:
    """Length of the longer side of the exposed part, or None if it cannot be told."""
    if spacing is None or not all(math.isfinite(s) and s > 0 for s in spacing):
        return None
    mean = math.sqrt(spacing[0] * spacing[1])
    if abs(spacing[0] - spacing[1]) > SQUARE * mean or not LONGEST_MM[0] <= mean * max(rows, columns) <= LONGEST_MM[1]:
        return None
    return mean * longest


def exposed(pixels: Array, ends: tuple[float, float] | None = None) -> tuple[int, int, int, int]:
    """First and last + 1 row, first and last + 1 column of what the collimator left open.

    Rows and columns at the edges that hardly vary are cut off, rows first. If more than 35 % of a side would go at one
    end, nothing is cut there: that is no collimator. ends: PERCENTILES of the picture, where somebody has them already.
    """
    low, high = np.percentile(pixels, PERCENTILES) if ends is None else ends
    limit = FLAT * float(high - low)
    top, bottom = _ends(pixels, limit)
    left, right = _ends(pixels[top:bottom].T, limit)
    return top, bottom, left, right


def _ends(lines: Array, limit: float) -> tuple[int, int]:
    least, most = np.percentile(lines, (5, 95), axis=1)
    varied = np.flatnonzero(most - least > limit)
    count = lines.shape[0]
    if not varied.size:
        return 0, count
    first, last = int(varied[0]), int(varied[-1]) + 1
    return first if first <= MOST * count else 0, last if count - last <= MOST * count else count


def scalars(sexes: Sequence[Sex | None], known: Sequence[bool], scales: Sequence[float]) -> Tensor:
    """Sex, whether the picture is to scale, and its log scale -> float32 (N, 4) as the network takes them."""
    rows = [
        [float(sex == "M"), float(sex == "F"), float(told), scale if told else 0.0]
        for sex, told, scale in zip(sexes, known, scales, strict=True)
    ]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, SCALARS)


def to_tensor(squares: Sequence[Array]) -> Tensor:
    """float32 (size, size) each, in 0..1 -> float32 (N, 1, size, size), standardised."""
    return torch.from_numpy(np.ascontiguousarray((np.stack(squares) - MEAN) / SD, np.float32))[:, None]
