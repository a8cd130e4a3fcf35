"""What a reader must know of a scan that is read all the same: contrast medium, and muscle that is cut off."""

import numpy as np
from scipy import ndimage

from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.segmentation import HU, Labels, Mask

AORTA = ("L1", "L2", "L3")  # the levels before which aorta and vena cava are looked for
BEFORE = (48.0, 12.0)  # mm before the middle of a body between which they lie; assumption
ASIDE = 32.0  # mm on either side of it; assumption
VESSEL = 12.0  # mm: width of what is averaged; the aorta has 15 to 25
RIM = 4.0  # mm around bone and plaque that are blurred with it
STEP = 6.0  # mm between the slices that are looked at
CALCIFIED = 500.0  # HU: plaque, and nothing that blood reaches
BLOOD = 85.0  # HU that blood without contrast medium does not reach; assumption (it has 30 to 60)
ARTERIAL = 220.0  # HU that veins do not reach; assumption
EDGE = 4.0  # mm from the edge of the field of view
PADDING = -1024.0  # HU that scanners fill the corners outside the field of view with, or less


def vessels(hu: HU, found: Segmentation) -> float:
    """HU of the brightest vessel before L1-L3, the median over slices; NaN where none of them was found."""
    spacing = np.asarray(found.spacing)
    centres = [body.centre for level in AORTA if (body := found.body(level)) is not None]
    if not centres:
        return float("nan")
    heights = [float(c[0]) for c in centres]
    seen: list[float] = []
    near = max(1, round(RIM / float(spacing[1])))
    for z in np.arange(min(heights), max(heights) + STEP, STEP):
        nearest = min(centres, key=lambda c: abs(float(c[0]) - z))
        k = int(np.clip(z / spacing[0], 0, hu.shape[0] - 1))
        low = np.maximum([nearest[1] - BEFORE[0], nearest[2] - ASIDE], 0) / spacing[1:]
        high = np.array([nearest[1] - BEFORE[1], nearest[2] + ASIDE]) / spacing[1:]
        part = np.s_[k, int(low[0]) : int(high[0]) + 1, int(low[1]) : int(high[1]) + 1]
        section = hu[part]
        if not section.size:
            continue
        bone = ndimage.binary_dilation((found.vertebrae[part] > 0) | (section > CALCIFIED), iterations=near)
        clean = np.where(bone, 0, section)
        seen.append(float(ndimage.uniform_filter(clean, [max(1, round(VESSEL / s)) for s in spacing[1:]]).max()))
    return float(np.median(seen)) if seen else float("nan")


def muscle_cut_off(muscles: Labels, section: HU, spacing: tuple[float, float]) -> bool:
    """Whether muscle on a slice reaches the edge of the field of view."""
    return bool(((muscles > 0) & _edge(section, spacing)).any())


def _edge(section: HU, spacing: tuple[float, float]) -> Mask:
    """The outermost pixels of the field of view, without the corners that a scanner fills."""
    inside = ndimage.binary_opening(section > PADDING, iterations=1)
    parts, count = ndimage.label(~np.pad(inside, 1))
    outside = (parts == parts[0, 0])[1:-1, 1:-1] if count else np.zeros(section.shape, np.bool_)
    field = ~outside
    width = max(1, round(EDGE / min(spacing)))
    return np.asarray(field & ~ndimage.binary_erosion(field, iterations=width, border_value=0), np.bool_)
