"""A made-up chest: an ellipse of soft tissue with two lungs, a windpipe, vessels and a consolidation."""

import numpy as np
import numpy.typing as npt

from screening.header import Header
from screening.images import Volume

Array = npt.NDArray[np.float32]
SPACING = (5.0, 2.5, 2.5)


def make_chest(*, lungs: bool = True, consolidated: bool = False, couch: bool = True) -> Array:
    """(44, 120, 140) HU; the lungs take slices 4 to 39."""
    z, y, x = np.mgrid[:44, :120, :140].astype(np.float32)
    hu = np.full(z.shape, -1000, np.float32)
    hu[((y - 60) / 44) ** 2 + ((x - 70) / 62) ** 2 < 1] = 40
    if couch:
        hu[:, 112:114, 10:130] = 200
    inside = (z >= 4) & (z < 40)
    if lungs:
        for middle in (40, 100):
            hu[inside & (((y - 60) / 32) ** 2 + ((x - middle) / 22) ** 2 < 1)] = -850
        hu[inside & ((y - 60) ** 2 + (x - 40) ** 2 < 4)] = 40  # a vessel
        hu[inside & ((y - 60) ** 2 + (x - 20) ** 2 < 9)] = 40 if consolidated else -850  # at the wall
    hu[(y - 55) ** 2 + (x - 70) ** 2 < 10] = -1000  # windpipe
    return np.asarray(hu + np.random.default_rng(0).normal(0, 8, hu.shape), np.float32)


def as_volume(hu: Array, spacing: tuple[float, float, float] = SPACING) -> Volume:
    """With names for its slices."""
    uids = tuple(f"1.2.{number}" for number in range(len(hu)))
    return Volume(hu=hu, spacing=spacing, affine=np.eye(4), sop_instance_uids=uids, header=Header({}))
