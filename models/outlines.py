"""The outline of an area of pixels, as a region of a report wants it."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from screening.findings import Point

Mask = npt.NDArray[np.bool_]


def largest_piece(mask: Mask) -> Mask:
    """(Y, X) the largest piece of an area whose pixels touch at their sides; empty if the area is."""
    labels, count = ndimage.label(mask)
    if not count:
        return np.zeros(mask.shape, bool)
    return np.asarray(labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1, bool)


def outline(mask: Mask) -> tuple[Point, ...]:
    """The outer border of the largest piece of (Y, X), as a closed ring of (column, row).

    (0, 0) is the top left corner of the top left pixel. The ring runs through the middles of the pixels' sides, so
    that a slanted border is no staircase; holes do not count. Empty if there is no pixel.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return ()
    top, left = int(rows[0]), int(columns[0])
    part = mask[top : rows[-1] + 1, left : columns[-1] + 1]  # a slice is large, and what is outlined on it small
    piece = np.pad(np.asarray(ndimage.binary_fill_holes(largest_piece(part)), bool), 1)
    # walk along the sides with the area to the right hand; directions: right, down, left, up
    steps = ((0, 1), (1, 0), (0, -1), (-1, 0))
    start = tuple(int(i) for i in np.argwhere(piece)[0])  # top row, leftmost: its upper side is border
    row, column, way = start[0], start[1], 0
    ring: list[Point] = []
    while not ring or (row, column, way) != (*start, 0):
        dy, dx = steps[way]
        ring.append((column + dx / 2 - 1 + left, row + dy / 2 - 1 + top))  # corners, of the padded part
        row, column = row + dy, column + dx
        way = _turn(piece, row, column, way)
    return (*ring, ring[0])


def _turn(piece: Mask, row: int, column: int, way: int) -> int:
    """The next direction at a corner: left if the pixel ahead to the left is area, else straight on, else right."""
    ahead_left, ahead_right = {
        0: ((row - 1, column), (row, column)),
        1: ((row, column), (row, column - 1)),
        2: ((row, column - 1), (row - 1, column - 1)),
        3: ((row - 1, column - 1), (row - 1, column)),
    }[way]
    if not piece[ahead_right]:
        return (way + 1) % 4
    return (way - 1) % 4 if piece[ahead_left] else way
