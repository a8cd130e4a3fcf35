"""Masks of a large volume, no more of them than is looked at: slice by slice, or within a box."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.bone_muscle_ct.segmentation import Box, Labels, Mask

Section = npt.NDArray[np.uint8]


class Sections:
    """Labels (Z, Y, X) whose slices are painted when somebody looks at them, once.

    Parameters
    ----------
    shape
        (Z, Y, X).
    paint
        From the number of a slice to its labels (Y, X).
    """

    def __init__(self, shape: tuple[int, int, int], paint: Callable[[int], Section]) -> None:
        self.shape = shape
        self._paint = paint
        self._labels = np.zeros(shape, np.uint8)
        self._painted = np.zeros(shape[0], np.bool_)

    def __getitem__(self, which: Any) -> Any:
        """As of an array; what is looked at is painted as far as the first axis tells."""
        first = which[0] if isinstance(which, tuple) else which
        wanted = np.arange(self.shape[0])[first]
        for k in np.atleast_1d(wanted):
            if not self._painted[k]:
                self._labels[k] = self._paint(int(k))
                self._painted[k] = True
        return self._labels[which]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """All of them."""
        return np.array(self[:], dtype, copy=copy)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a volume: what lies outside its box is no part of it."""

    box: Box
    mask: Mask = field(repr=False)  #: of the box's shape

    @property
    def slices(self) -> list[int]:
        """The numbers of the volume's slices that show something of it."""
        return [int(k) + self.box[0].start for k in np.flatnonzero(self.mask.any((1, 2)))]

    def section(self, k: int, shape: tuple[int, int]) -> Mask:
        """What of it lies on slice k of a volume whose slices have this shape."""
        out = np.zeros(shape, np.bool_)
        out[self.box[1], self.box[2]] = self.mask[k - self.box[0].start]
        return out


def boxes_of(labels: Labels) -> dict[int, Box]:
    """The smallest box around each label above 0."""
    seen = labels.max(0)
    rows, columns = np.flatnonzero(seen.max(1)), np.flatnonzero(seen.max(0))
    if not rows.size:
        return {}
    around = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    found = ndimage.find_objects(labels[:, around[0], around[1]])
    return {
        number: (box[0], _moved(box[1], around[0].start), _moved(box[2], around[1].start))
        for number, box in enumerate(found, start=1)
        if box is not None
    }


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)
