"""A CT on a coarse grid, the body in it, and how noisy it is there."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from screening.images import Volume

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Triple = tuple[float, float, float]

SKIN = -300.0  # HU above which a voxel is no air
SOFT = (-150.0, 150.0)  # HU of fat, muscle and organs, in which noise is measured
NOISE_AT = 2.0  # mm: noise is that of voxels as large as this, or of the scan's own where they are larger
LOOKED_AT = 12  # slices that noise is measured on
_SECOND = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
"""Of differences along both axes of a slice: 0 on every slope, and of white noise of SD 1 the SD is 1 (Immerkaer,
Comput Vis Image Underst 1996 64:300)."""


def coarse(volume: Volume, size: float) -> tuple[Floats, Triple]:
    """Means over blocks of about `size` mm a side, and the spacing (dz, dy, dx) of these, mm."""
    thin = [max(1, min(round(size / s), n)) for s, n in zip(volume.spacing, volume.hu.shape, strict=True)]
    return _blocks(volume.hu, thin), _times(volume.spacing, thin)


def trunk(hu: Floats) -> Mask:
    """(Z, Y, X) the patient without table and arms: the largest piece of each slice that is no air."""
    out = np.zeros(hu.shape, np.bool_)
    for k, section in enumerate(hu):
        parts, count = ndimage.label(ndimage.binary_opening(section > SKIN, iterations=1))
        if count:
            out[k] = parts == 1 + int(np.bincount(parts.ravel())[1:].argmax())
    return out


def filled(body: Mask) -> Mask:
    """The same with its hollows, slice by slice."""
    return np.stack([ndimage.binary_fill_holes(section) for section in body])


def noise_of(volume: Volume) -> float:
    """SD of noise in soft tissue, HU, robust against edges; NaN where there is no soft tissue."""
    thin = [max(1, int(NOISE_AT / s + 0.01)) for s in volume.spacing]
    many = max(1, len(volume.hu) // thin[0] // LOOKED_AT)
    found = []
    for k in range(0, len(volume.hu) - thin[0] + 1, many * thin[0]):
        section = _blocks(volume.hu[k : k + thin[0]], thin)[0]
        mean = ndimage.uniform_filter(section, 5)
        soft = (mean > SOFT[0]) & (mean < SOFT[1])
        found.append(np.abs(ndimage.convolve(section, _SECOND, mode="nearest")[soft]))
    rest = np.concatenate(found)
    return 1.4826 * float(np.median(rest)) if rest.size else float("nan")


def _blocks(hu: Floats, thin: list[int]) -> Floats:
    z, y, x = (n // t for n, t in zip(hu.shape, thin, strict=True))
    whole = hu[: z * thin[0], : y * thin[1], : x * thin[2]]
    return np.asarray(whole.reshape(z, thin[0], y, thin[1], x, thin[2]).mean((1, 3, 5)), np.float32)


def _times(spacing: Triple, thin: list[int]) -> Triple:
    dz, dy, dx = (s * t for s, t in zip(spacing, thin, strict=True))
    return dz, dy, dx
