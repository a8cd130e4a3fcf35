"""A cone beam through painted slabs: what a flat detector behind the patient sees.

The beam runs along x. Each sagittal slab is seen enlarged about the central ray by how near to the focus it lies, so a
projection is a sum of enlarged slices: exact for slabs that are thin against the focal distance.
"""

from dataclasses import dataclass

import numpy as np

from training.phantoms.spine.grid import Array, Grid

SID = 1150.0  # mm, source to image (models.md 7.3)


@dataclass(frozen=True)
class View:
    """Where focus and detector stand. Detector rows run to the feet; columns to the back, or front when `mirrored`.

    focus: (y, z) of the central ray, mm; object_distance: from the focus to the plane x = 0, mm; side: +1 when the
    focus is on the patient's left; pixel: mm; shape: rows and columns.
    """

    focus: tuple[float, float]
    object_distance: float
    side: float
    pixel: float
    shape: tuple[int, int]
    mirrored: bool = False
    sid: float = SID

    def magnification(self, x: float) -> float:
        """How much larger than it is something at x appears on the detector."""
        return self.sid / (self.object_distance - self.side * x)

    def project(self, point: tuple[float, float, float]) -> tuple[float, float]:
        """(row, column) in pixels of a point (x, y, z) mm; pixel centres are whole numbers."""
        x, y, z = point
        m = self.magnification(x)
        across = m * (y - self.focus[0]) * (-1 if self.mirrored else 1)
        return (
            (self.shape[0] - 1) / 2 - m * (z - self.focus[1]) / self.pixel,
            (self.shape[1] - 1) / 2 + across / self.pixel,
        )


def project(volume: Array, grid: Grid, view: View) -> Array:
    """Line integrals of `volume` (per mm) along the rays to each pixel, float32 (rows, columns)."""
    rows, columns = view.shape
    down = ((rows - 1) / 2 - np.arange(rows)) * view.pixel  # mm on the detector, upwards positive
    back = (np.arange(columns) - (columns - 1) / 2) * view.pixel * (-1 if view.mirrored else 1)
    out = np.zeros(view.shape, np.float32)
    slabs = np.ascontiguousarray(volume.transpose(2, 0, 1))
    for slab, x in zip(slabs, grid.axes[2], strict=True):
        if not slab.any():
            continue
        m = view.magnification(float(x))
        z = (view.focus[1] + down / m - grid.origin[0]) / grid.spacing[0]
        y = (view.focus[0] + back / m - grid.origin[1]) / grid.spacing[1]
        out += _sample(slab, z, y)
    slant = np.sqrt(1 + (down[:, None] ** 2 + back[None, :] ** 2) / view.sid**2)
    return np.asarray(out * slant * np.float32(grid.spacing[2]), np.float32)


def _sample(slab: Array, z: Array, y: Array) -> Array:
    """Bilinear values at the product of z and y (fractional indices); 0 outside."""
    padded = np.pad(slab, 1)
    z, y = np.clip(z + 1, 0, padded.shape[0] - 1.001), np.clip(y + 1, 0, padded.shape[1] - 1.001)
    r, c = z.astype(int), y.astype(int)
    fr, fc = (z - r).astype(np.float32)[:, None], (y - c).astype(np.float32)
    lines = padded[r] * (1 - fr) + padded[r + 1] * fr
    return np.asarray(lines[:, c] * (1 - fc) + lines[:, c + 1] * fc, np.float32)
