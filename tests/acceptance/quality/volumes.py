"""Ways to change the voxels of a CT series, slices from feet to head."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from scipy import ndimage

from models.ct_body import filled, trunk
from tests.acceptance.quality.defects import Change, Files

Voxels = npt.NDArray[np.float32]  #: (Z, Y, X) HU, z to the head, y to the back, x to the left
LOWEST, TOP = -1024.0, 3071.0  # HU of 12 bits


def voxels(change: Callable[[Voxels], Voxels]) -> Change:
    """The series with other voxels in as many slices; they may be of another size."""

    def apply(files: Files) -> Files:
        hu = np.stack([ds.pixel_array for ds in files]).astype(np.float32) + np.float32(LOWEST)
        for ds, section in zip(files, np.clip(change(hu), LOWEST, TOP), strict=True):
            _put(ds, section)
        return files

    return apply


def _put(ds: Dataset, section: Voxels) -> None:
    stored = np.ascontiguousarray(np.round(section - LOWEST), "<u2")
    ds.Rows, ds.Columns = stored.shape
    content = stored.tobytes()
    ds.PixelData = content


def slices(which: slice) -> Change:
    """Some of the slices."""
    return lambda files: files[which]


def part(low: float, high: float) -> Change:
    """Slices between two shares of the height."""
    return lambda files: files[round(low * len(files)) : round(high * len(files))]


def columns(low: float, high: float) -> Change:
    """Columns between two shares of the width."""
    return voxels(lambda hu: hu[:, :, round(low * hu.shape[2]) : round(high * hu.shape[2])])


def without(first: int, count: int) -> Change:
    """Slices missing."""
    return lambda files: files[:first] + files[first + count :]


def doubled(which: slice) -> Change:
    """A second acquisition at the same places."""

    def apply(files: Files) -> Files:
        again = [deepcopy(ds) for ds in files[which]]
        for ds in again:
            ds.SOPInstanceUID = generate_uid(prefix="2.25.", entropy_srcs=[ds.SOPInstanceUID])
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        return files + again

    return apply


def shifted(per_slice: float) -> Change:
    """Each slice lies further to the back than that below it, mm: a tilted gantry."""

    def apply(files: Files) -> Files:
        for k, ds in enumerate(files):
            x, y, z = ds.ImagePositionPatient
            ds.ImagePositionPatient = [x, f"{float(y) + k * per_slice:.3f}", z]
        return files

    return apply


def reformatted(*, axial: bool) -> Change:
    """Coronal slices of the same body; axial: their header says that they are axial."""

    def apply(files: Files) -> Files:
        hu = np.stack([ds.pixel_array for ds in files]).astype(np.float32) + np.float32(LOWEST)
        high, wide = float(files[1].SliceLocation) - float(files[0].SliceLocation), float(files[0].PixelSpacing[0])
        step = min(len(files), hu.shape[1])
        for k, ds in enumerate(files[:step]):
            _put(ds, np.repeat(hu[::-1, hu.shape[1] - 1 - k], round(high / wide), axis=0))
            ds.PixelSpacing = [wide, wide]
            if not axial:
                ds.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
                ds.ImagePositionPatient = [0, k * wide, 0]
        return files[:step]

    return apply


def hollows(value: float, *, right: bool) -> Change:
    """Lungs filled with something else; right: the right one alone."""

    def change(hu: Voxels) -> Voxels:
        lung = ndimage.binary_opening(filled(trunk(hu)), iterations=2) & (hu < -500)
        if right:
            lung[:, :, hu.shape[2] // 2 :] = False
        return np.where(lung, np.float32(value), hu)

    return voxels(change)


def noisy(hu: Voxels) -> Voxels:
    """300 HU of noise."""
    return hu + np.random.default_rng(0).normal(0, 300, hu.shape).astype(np.float32)


def with_pacemaker(hu: Voxels) -> Voxels:
    """A can of 40 mm below the left collar bone."""
    out = hu.copy()
    z, y, x = (round(share * n) for share, n in zip((0.8, 0.25, 0.72), hu.shape, strict=True))
    out[z : z + 12, y : y + 4, x : x + 14] = TOP
    return out


def ball(hu: Voxels) -> Voxels:
    """A head: brain in a skull."""
    z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in hu.shape)
    away = np.sqrt((z[:, None, None]) ** 2 + (y[:, None] / 0.8) ** 2 + (x / 0.6) ** 2)
    return np.select([away < 0.82, away < 0.9, away < 0.95], [35, 1000, 20], LOWEST).astype(np.float32)


def two_tubes(hu: Voxels) -> Voxels:
    """Thighs: muscle around a shaft."""
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in hu.shape[1:])
    section = np.full(hu.shape[1:], LOWEST, np.float32)
    for side in (-0.45, 0.45):
        away = np.hypot(y[:, None] / 0.75, (x - side) / 0.42)
        section[away < 1] = 50
        section[away < 0.17] = 1200
        section[away < 0.08] = -80
    return np.broadcast_to(section, hu.shape).copy()
