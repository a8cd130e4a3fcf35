"""Decoded images, as models see them."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from screening.header import Header


@dataclass(frozen=True, kw_only=True, slots=True)
class Radiograph:
    """A projection radiograph after the full grey-scale chain (PS3.4 N.2), larger means brighter (bone is bright).

    pixels: float32 (rows, columns), P-values scaled to [0, 1].
    spacing: mm (row spacing, column spacing) at the detector, corrected by the magnification factor when the header
    has one; None when unknown. Never invented.
    """

    pixels: npt.NDArray[np.float32] = field(repr=False)
    spacing: tuple[float, float] | None
    sop_instance_uid: str
    header: Header = field(repr=False)

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.float32:
            raise ValueError(f"pixels must be float32 (rows, columns), got {self.pixels.dtype} {self.pixels.shape}")
        if not np.isfinite(self.pixels).all():
            raise ValueError("pixels must be finite")


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """A CT volume.

    hu: float32 (Z, Y, X), Hounsfield units; slices from feet to head along the normal of the slices.
    spacing: mm (dz, dy, dx). affine: float64 (4, 4), voxel (x, y, z) to patient coordinates (LPS), mm.
    """

    hu: npt.NDArray[np.float32] = field(repr=False)
    spacing: tuple[float, float, float]
    affine: npt.NDArray[np.float64] = field(repr=False)
    sop_instance_uids: tuple[str, ...]  #: one for each slice, in the order of hu
    header: Header = field(repr=False)

    def __post_init__(self) -> None:
        if self.hu.ndim != 3 or self.hu.dtype != np.float32:
            raise ValueError(f"hu must be float32 (Z, Y, X), got {self.hu.dtype} {self.hu.shape}")
        if len(self.sop_instance_uids) != self.hu.shape[0]:
            raise ValueError(
                f"sop_instance_uids must name each of {self.hu.shape[0]} slices, got {len(self.sop_instance_uids)}"
            )


Image = Radiograph | Volume
