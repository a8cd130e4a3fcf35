"""A chest CT as the network and the radiomics see it, and the way back to source voxels."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.ct_body import block_means
from models.ssc_ild_mortality_ct.lung_mask import Array, Mask, NoLungs, lung_mask
from screening.images import Volume

VERSION = "1"  #: part of the configuration digest: change it whenever a number changes
WINDOW = (-1000.0, 400.0)  # HU that become 0..1 (specification)
MARGIN = 10.0  # mm around both lungs (specification)
SLAB = 2.5  # mm along z that a slice is averaged over: thin slices are noisy; assumption
COARSE = (5.0, 2.5)  # mm along z and within a slice, at which the lungs are looked for
LOWEST = -1000.0  # HU of what lies outside the scan


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """S square slices, equally spaced over the lungs' height from base to apex, `MARGIN` around the lungs."""

    hu: Array = field(repr=False)  #: (S, size, size) Hounsfield units
    lung: Mask = field(repr=False)  #: (S, size, size)
    spacing: tuple[float, float, float]  #: mm (dz, dy, dx) of this grid
    source_slices: tuple[int, ...]  #: the source slice nearest to each
    origin: tuple[float, float]  #: source row and column of the first pixel's centre
    step: tuple[float, float]  #: source rows and columns for each pixel

    @property
    def scaled(self) -> npt.NDArray[np.uint8]:
        """(S, size, size) the window as 0..255: what cohorts keep and the network takes, divided by 255."""
        return scale(self.hu)

    def to_source(self, slice_index: int, row: float, column: float) -> tuple[int, float, float]:
        """Source slice, row and column of a place in the grid."""
        return (
            self.source_slices[slice_index],
            self.origin[0] + row * self.step[0],
            self.origin[1] + column * self.step[1],
        )


def scale(hu: Array) -> npt.NDArray[np.uint8]:
    """Hounsfield units -> 0..255 over the window."""
    low, high = WINDOW
    return np.round((np.clip(hu, low, high) - low) * (255 / (high - low))).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class Lungs:
    """Where the lungs of a volume lie, on a coarse grid."""

    mask: Mask = field(repr=False)  #: (Z, Y, X)
    hu: Array = field(repr=False)  #: (Z, Y, X) means over the coarse voxels
    thin: tuple[int, int, int]  #: source voxels in a coarse one
    spacing: tuple[float, float, float]  #: mm (dz, dy, dx) of the coarse grid


def find_lungs(volume: Volume) -> Lungs:
    """Look for the lungs of a volume, slices from feet to head; raises NoLungs if there are none."""
    dz, dy, dx = volume.spacing
    thin = (max(1, round(COARSE[0] / dz)), max(1, round(COARSE[1] / dy)), max(1, round(COARSE[1] / dx)))
    spacing = (dz * thin[0], dy * thin[1], dx * thin[2])
    hu = _coarse(volume.hu, thin)
    return Lungs(mask=lung_mask(hu, spacing), hu=hu, thin=thin, spacing=spacing)


def prepare(volume: Volume, *, slices: int, size: int) -> Prepared:
    """Find the lungs, and read `slices` slices of the square around them, `size` pixels along each side.

    Raises
    ------
    NoLungs
        If there are none.
    ValueError
        If slices or size is not positive.
    """
    if slices < 1 or size < 1:
        raise ValueError(f"slices and size must be positive, got {slices} and {size}")
    return prepare_lungs(volume, find_lungs(volume), slices=slices, size=size)


def prepare_lungs(volume: Volume, lungs: Lungs, *, slices: int, size: int) -> Prepared:
    """The same for lungs that were found; raises NoLungs if none lies on the slices read."""
    (dz, dy, dx), thin, mask = volume.spacing, lungs.thin, lungs.mask
    # centres of the coarse voxels, in source voxels
    found = [np.flatnonzero(mask.any(tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    low, high = ([indices[end] * n + (n - 1) / 2 for indices, n in zip(found, thin, strict=True)] for end in (0, -1))
    heights = low[0] - thin[0] / 2 + (np.arange(slices) + 0.5) / slices * (high[0] - low[0] + thin[0])
    wide = max((high[k] - low[k] + thin[k]) * volume.spacing[k] for k in (1, 2))
    pixel = (wide + 2 * MARGIN) / size
    step = (pixel / dy, pixel / dx)
    origin = tuple((low[k + 1] + high[k + 1]) / 2 - (size - 1) / 2 * step[k] for k in range(2))
    rows, columns = (origin[k] + np.arange(size) * step[k] for k in range(2))
    nearest = np.clip(np.round(heights).astype(int), 0, volume.hu.shape[0] - 1)
    hu = np.stack([_resample(_slab(volume.hu, z, dz), rows, columns, step) for z in heights])
    lung = np.stack([_sampled(mask, z, rows, columns, thin) for z in heights])
    if not lung.any():
        raise NoLungs("the lungs are too small for the slices read")
    return Prepared(
        hu=hu, lung=lung, spacing=(dz * float(high[0] - low[0] + thin[0]) / slices, pixel, pixel),
        source_slices=tuple(int(z) for z in nearest), origin=(float(rows[0]), float(columns[0])), step=step,
    )  # fmt: skip


def _coarse(hu: Array, thin: tuple[int, int, int]) -> Array:
    """Means over blocks within slices, every n-th slice (the middle one of n)."""
    depth, height, width = (length // n * n for length, n in zip(hu.shape, thin, strict=True))
    depth = max(depth, thin[0])
    return block_means(hu[(thin[0] - 1) // 2 : depth : thin[0], :height, :width], (1, thin[1], thin[2]))


def _slab(hu: Array, z: float, dz: float) -> Array:
    """(Y, X) mean of the slices within half a slab of a height; the nearest one if there is none."""
    low, high = math.ceil(z - SLAB / 2 / dz - 0.01), math.floor(z + SLAB / 2 / dz + 0.01)
    low, high = max(0, low), min(len(hu) - 1, high)
    if high <= low:
        return np.asarray(hu[int(np.clip(round(z), 0, len(hu) - 1))], np.float32)
    return np.asarray(hu[low : high + 1].mean(0), np.float32)


def _resample(picture: Array, rows: Array, columns: Array, step: tuple[float, float]) -> Array:
    """(size, size) linear interpolation, after a blur where pixels become larger; `LOWEST` outside."""
    blur = tuple(0.5 * math.sqrt(max(0.0, s**2 - 1)) for s in step)  # SD in source pixels: no aliasing
    smooth = ndimage.gaussian_filter(picture, blur, mode="nearest", truncate=3) if max(blur) > 0.3 else picture
    places = np.meshgrid(rows, columns, indexing="ij")
    return np.asarray(ndimage.map_coordinates(smooth, places, order=1, cval=LOWEST), np.float32)


def _sampled(mask: Mask, z: float, rows: Array, columns: Array, thin: tuple[int, int, int]) -> Mask:
    """(size, size) the coarse mask's nearest voxels; False outside."""
    depth, height, width = mask.shape
    slice_index = int(np.clip(round((z - (thin[0] - 1) / 2) / thin[0]), 0, depth - 1))
    row = np.round((rows - (thin[1] - 1) / 2) / thin[1]).astype(int)
    column = np.round((columns - (thin[2] - 1) / 2) / thin[2]).astype(int)
    inside = ((row >= 0) & (row < height))[:, None] & ((column >= 0) & (column < width))[None, :]
    taken = mask[slice_index][np.clip(row, 0, height - 1)[:, None], np.clip(column, 0, width - 1)[None, :]]
    return np.asarray(taken & inside, bool)
