"""What the fracture network sees of an aligned spine: the six variants of Kong et al. 2022, table 2.

The table names them: L1-L5, L1-L4 and patches, each without and with a mask. What exactly was cut and masked is not
readable in the paper; each shape here is our assumption, so that the six nest: picture, column, patches, bodies.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from models.framing import Array
from models.similarity import CANVAS, Points, Similarity, align, pixel_centres

Variant = Literal["full_L1L5", "full_L1L5_mask", "full_L1L4", "full_L1L4_mask", "patches_L1L5", "patches_L1L5_mask"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
LEVELS = 5  # L1 to L5
STACKED = 128  # pixels along each side of a patch in the stacked layout

# in units of the distance between neighbouring vertebrae (37 mm or so in the lumbar spine); assumptions
MARGIN = 0.6  # of the picture above the first and below the last centre
SIDE = 1.35  # of a square patch
COLUMN = 2.0  # width of the masked picture: bodies and posterior elements
BODY = (1.0, 0.8)  # depth and height of a vertebral body, with some slack

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A vertebra's surroundings: its centre, the direction of the spine there, and the distance to its neighbours."""

    centre: complex  #: column + i row
    tangent: complex  #: of length 1, towards the next lower vertebra
    spacing: float  #: pixels to the neighbours, mean of both

    def to_square(self, size: int) -> Similarity:
        """The transform that makes the patch a square of `size` pixels with the spine running down."""
        factor = size / (SIDE * self.spacing) * (1j / self.tangent)
        return Similarity(factor, complex(size / 2, size / 2) - factor * self.centre)

    def box(self, width: float, height: float, size: int) -> Mask:
        """Which pixels of a square canvas lie in a box around the centre: (size, size) bool, [row, column].

        Width across the spine and height along it, in units of the spacing.
        """
        places = pixel_centres(size)
        local = (places[..., 0] + 1j * places[..., 1] - self.centre) * (1j / self.tangent) / self.spacing
        return np.asarray((np.abs(local.real) <= width / 2) & (np.abs(local.imag) <= height / 2))


def patches(points: Points) -> tuple[Patch, ...]:
    """One patch for each point; the spine's direction and spacing are those between the point's neighbours.

    Parameters
    ----------
    points
        (K, 2) column and row, from the highest vertebra to the lowest, at least two.

    Raises
    ------
    ValueError
        Another shape, points that are not finite, or neighbours that coincide.
    """
    if points.ndim != 2 or points.shape[0] < 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"points must be at least two finite (column, row) pairs, got an array of {points.shape}")
    places = points[:, 0] + 1j * points[:, 1]
    steps = np.diff(places)
    if np.abs(steps).min() < 1e-6:
        raise ValueError("neighbouring points must not coincide")
    found = []
    for index, centre in enumerate(places):
        around = steps[max(index - 1, 0) : index + 1]
        direction = around.sum() or around[-1]  # a spine that turns back on itself is none; keep what can be kept
        spacing = float(np.abs(around).mean())
        found.append(Patch(centre=complex(centre), tangent=complex(direction / abs(direction)), spacing=spacing))
    return tuple(found)


def _column(found: tuple[Patch, ...], size: int) -> Mask:
    """Bands from one centre to the next, and on by the margin at both ends."""
    inside = np.zeros((size, size), bool)
    for patch in found:
        # taller than a spacing, so that the bands of neighbours meet also where the spine bends
        inside |= patch.box(COLUMN, 2 * MARGIN, size)
    return inside


def _bodies(found: tuple[Patch, ...], size: int) -> Mask:
    return np.asarray(np.logical_or.reduce([patch.box(*BODY, size) for patch in found]))


def _squares(found: tuple[Patch, ...], size: int) -> Mask:
    return np.asarray(np.logical_or.reduce([patch.box(SIDE, SIDE, size) for patch in found]))


def _cropped(found: tuple[Patch, ...], size: int) -> Mask:
    """Rows from the margin above the first centre to that below the last."""
    rows = np.arange(size) + 0.5
    top = found[0].centre.imag - MARGIN * found[0].spacing
    bottom = found[-1].centre.imag + MARGIN * found[-1].spacing
    return np.broadcast_to(((rows >= top) & (rows <= bottom))[:, None], (size, size))


def _levels(points: Points) -> Points:
    found = np.asarray(points, np.float64)
    if found.shape != (LEVELS, 2):
        raise ValueError(f"points must be (5, 2) for L1 to L5, got {found.shape}")
    return found


def canvas(
    image: Array, points: Points, variant: Variant = "patches_L1L5", *, size: int = CANVAS
) -> tuple[Array, Similarity]:
    """The aligned picture of a variant, and the transform from source pixels to it.

    Parameters
    ----------
    image
        float32 (rows, columns).
    points
        (5, 2) column and row of the centres of L1 to L5 in source pixels.
    variant
        One of `VARIANTS`. L1-L4 aligns on L4 instead of L5.
    size
        Pixels along each side; a smaller canvas shows the same in larger pixels.

    Returns
    -------
    picture, transform
        float32 (size, size), 0 outside of what the variant shows; and where a source point is in it.

    Raises
    ------
    ValueError
        An unknown variant, or points that are none of a spine.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, got {variant!r}")
    known = _levels(points)[: 4 if "L1L4" in variant else LEVELS]
    whole = align((known[0, 0], known[0, 1]), (known[-1, 0], known[-1, 1]))
    transform = Similarity(whole.factor * size / CANVAS, whole.offset * size / CANVAS)
    found = patches(transform.apply(known))
    shown = _squares(found, size) if variant.startswith("patches") else _cropped(found, size)
    if variant.endswith("mask"):
        shown = shown & (_bodies(found, size) if variant.startswith("patches") else _column(found, size))
    return np.where(shown, transform.resample(image, size), np.float32(0)), transform


def stack(image: Array, points: Points, *, masked: bool = False, size: int = STACKED) -> Array:
    """The patches one by one, each with the spine running down: float32 (5, size, size).

    Parameters
    ----------
    image
        float32 (rows, columns).
    points
        (5, 2) column and row of the centres of L1 to L5 in source pixels.
    masked
        Show the vertebral bodies alone.
    size
        Pixels along each side.

    Raises
    ------
    ValueError
        Points that are none of a spine.
    """
    made = [patch.to_square(size).resample(image, size) for patch in patches(_levels(points))]
    if masked:
        straight = Patch(centre=complex(size / 2, size / 2), tangent=1j, spacing=size / SIDE)
        made = [np.where(straight.box(*BODY, size), picture, np.float32(0)) for picture in made]
    return np.stack(made)
