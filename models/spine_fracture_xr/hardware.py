"""Metal and cement in a lateral lumbar spine: refused where they are seen. Not all are; every result says so.

Limits are set on simulated spines, into which screws, rods and cement were drawn (docs/quality-control.md).
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.framing import Array
from models.frontal_gate import Refusal

Points = npt.NDArray[np.float64]

NARROW = 7  # pixels of the square of 256, 9 mm of 330: cortical bone is narrower, but fainter; bodies are wider
BRIGHTER = 0.35  # than what lies around it, of the range
MOST = 0.05  # share of the spine's surroundings that is that bright; 0.045 in the most of 93 simulated spines
REACH = 1.3  # distances between bodies, on either side of the line through their centres
CEMENT = 0.27  # by which one body is brighter than the median of L1 to L4; 0.24 in the most of the 93
MIDDLE = 0.22  # of the distance: the part of a body that is looked at


def check_hardware(image: Array, points: Points) -> Refusal | None:
    """Refuse narrow things too bright for bone, and one body much brighter than the others.

    image: float32 (rows, columns) in 0..1; points: (5, 2) column and row of L1 to L5 in its pixels.
    """
    if narrow_and_bright(image, points) > MOST:
        return Refusal(code="metal-in-spine", reason="narrow structures too dense for bone lie at the spine: metal")
    if brightest_body(image, points) > CEMENT:
        return Refusal(
            code="metal-in-spine", reason="one vertebral body is far denser than the others: cement, metal or sclerosis"
        )
    return None


def narrow_and_bright(image: Array, points: Points) -> float:
    """Share of what lies around L1 to L5 that is narrow and far brighter than what surrounds it."""
    step = _step(points)
    rows = np.arange(image.shape[0], dtype=np.float64)
    middle = np.interp(rows, points[:, 1], points[:, 0])
    near = np.abs(np.arange(image.shape[1]) - middle[:, None]) < REACH * step
    near &= ((rows > points[0, 1] - 0.5 * step) & (rows < points[-1, 1] - 0.3 * step))[:, None]
    hat = image - ndimage.grey_opening(image, (NARROW, NARROW))
    return float((hat[near] > BRIGHTER).mean()) if near.any() else 0.0


def brightest_body(image: Array, points: Points) -> float:
    """How much brighter the brightest of L1 to L4 is than their median; L5 lies between the hip bones."""
    half = max(2, int(MIDDLE * _step(points)))
    bodies = []
    for column, row in points[:4].astype(int):
        top, left = max(row - half, 0), max(column - half, 0)
        bodies.append(float(np.median(image[top : row + half + 1, left : column + half + 1])))
    return max(bodies) - float(np.median(bodies))


def _step(points: Points) -> float:
    """Mean distance between neighbouring centres."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
