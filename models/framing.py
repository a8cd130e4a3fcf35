"""From source pixels to the network's square and back: aspect-true resizing with padding; the area that is reported."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from torch.nn import functional

from models.tensors import tensor_over
from screening.findings import Point, Region, rectangle

Array = npt.NDArray[np.float32]
INSET = 0.02  # of each side, left free around the analysed area: viewers cut off a label at the very edge; assumption


@dataclass(frozen=True)
class Frame:
    """Where a source image of (rows, columns) lies in a square of `size` pixels."""

    rows: int
    columns: int
    size: int

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.size) < 1:
            raise ValueError(f"rows, columns and size must be positive, got {self.rows}, {self.columns}, {self.size}")

    @property
    def inner(self) -> tuple[int, int]:
        """Rows and columns of the resized image inside the square."""
        scale = self.size / max(self.rows, self.columns)
        return max(1, round(self.rows * scale)), max(1, round(self.columns * scale))

    @property
    def offset(self) -> tuple[int, int]:
        """Padding above and to the left, in network pixels."""
        rows, columns = self.inner
        return (self.size - rows) // 2, (self.size - columns) // 2

    def to_network(self, point: Point) -> Point:
        """(column, row) in source pixels -> (column, row) in network pixels."""
        (rows, columns), (top, left) = self.inner, self.offset
        return point[0] * columns / self.columns + left, point[1] * rows / self.rows + top

    def to_source(self, point: Point) -> Point:
        """(column, row) in network pixels -> (column, row) in source pixels; may lie outside the image."""
        (rows, columns), (top, left) = self.inner, self.offset
        return (point[0] - left) * self.columns / columns, (point[1] - top) * self.rows / rows

    def apply(self, image: Array) -> Array:
        """Resize (antialiased bilinear) and pad with 0: float32 (rows, columns) -> float32 (size, size)."""
        if image.shape != (self.rows, self.columns):
            raise ValueError(f"image must be {self.rows} x {self.columns}, got {image.shape}")
        (rows, columns), (top, left) = self.inner, self.offset
        source = tensor_over(image)[None, None]
        small = functional.interpolate(source, size=(rows, columns), mode="bilinear", antialias=True)
        square = np.zeros((self.size, self.size), np.float32)
        square[top : top + rows, left : left + columns] = small[0, 0].numpy()
        return square


def shrunk(image: Array, longest: int) -> Array:
    """float32 (rows, columns) -> the same (antialiased bilinear), at most `longest` pixels on its longer side."""
    share = min(1.0, longest / max(image.shape))
    size = tuple(max(1, round(side * share)) for side in image.shape)
    source = tensor_over(image)[None, None]
    return np.asarray(functional.interpolate(source, size=size, mode="bilinear", antialias=True)[0, 0], np.float32)


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """A picture between two of its percentiles: worked out once where several look at it."""

    ends: tuple[float, float]  #: the values that became 0 and 1
    values: Array = field(repr=False)  #: float32 (rows, columns) in 0..1


def scaled(image: Array, low: float, high: float) -> Scaled:
    """Linear scaling of the percentiles low..high (of 100) to 0..1, clipped. A flat image gives zeros."""
    bottom, top = np.percentile(image, (low, high))
    if top <= bottom:
        return Scaled(ends=(bottom, top), values=np.zeros_like(image, np.float32))
    values = image - bottom
    values /= top - bottom
    return Scaled(ends=(bottom, top), values=np.asarray(np.clip(values, 0, 1, out=values), np.float32))


def robust_scale(image: Array, low: float, high: float) -> Array:
    """The values of `scaled`."""
    return scaled(image, low, high).values


def analysed_area(box: tuple[float, float, float, float], sop_instance_uid: str) -> Region:
    """What was looked at, (left, top, right, bottom) in source pixels, less a margin in which viewers find room."""
    left, top, right, bottom = box
    across, down = INSET * (right - left), INSET * (bottom - top)
    return rectangle(left + across, top + down, right - across, bottom - down, sop_instance_uid)
