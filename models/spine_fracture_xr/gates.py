"""What speaks against reading a picture, told from the points that were found on it and the grey values around them.

The header may lie, or say nothing. The keypoint network is silent on what is no upright lateral lumbar spine; these
checks are for what it answers all the same. Limits are assumptions unless they say otherwise.
"""

import numpy as np
import numpy.typing as npt

from models.framing import Array
from models.frontal_gate import Refusal
from models.patches import Patch, patches
from models.spine_fracture_xr.keypoints import LEVELS, LOWEST_PEAK, refusal

Points = npt.NDArray[np.float64]

STEEPEST = 45.0  # degrees between L1-L5 and the vertical; 29 in the most bent of 1,882 real spines (VID)
HALF_BODY = 0.4  # of the distance between neighbours: half a vertebral body, as `models.patches.BODY` has it
# mm between neighbouring centres, mean of the four: bodies of 15 to 40 mm with their discs. 26.7 to 43.9 in 1,882 real
# spines (VID), up to 1.4 times as much on the detector; a little less allowed for short people
CLOSEST, WIDEST = 22.0, 62.0
BODY, BESIDE = (0.5, 0.5), (0.3, 2.4)  # boxes around a centre, in units of the distance: across the spine and along it
AWAY = 0.95  # of the distance from the centre of a body to the middle of the strip on either side of it
# Of 200 simulated pictures with bright bone none lies below it, of the same with dark bone all but 2
DARK_BONE = -0.05


def check_points(
    points: Points, peaks: Points, shape: tuple[int, int], spacing: tuple[float, float] | None
) -> Refusal | None:
    """Whether these are five vertebrae, one below the other, whole, inside of the picture and of a plausible size.

    Parameters
    ----------
    points
        (5, 2) column and row of L1 to L5 in source pixels.
    peaks
        (5,) confidences, 0..1.
    shape
        Rows and columns of the picture.
    spacing
        mm (row, column), or None where it is not known: then no size is judged.
    """
    low = [level for level, peak in zip(LEVELS, peaks, strict=True) if not peak >= LOWEST_PEAK]
    if low:
        return Refusal(
            code="levels-not-found",
            reason=f"no vertebra is seen for {', '.join(low)}: the picture shows no upright lateral lumbar spine with"
            f" all of L1 to L5 (confidence {max(0.0, float(np.nanmin(peaks))):.0%}, {LOWEST_PEAK:.0%} is needed)",
        )
    mm = points * (spacing[::-1] if spacing is not None else (1.0, 1.0))
    implausible = refusal(mm, peaks)
    if implausible is not None:
        return Refusal(code="spine-implausible", reason=f"{implausible}: the points found are not used")
    return _upright(mm) or _whole(points, shape) or (_size(mm) if spacing is not None else None)


def _upright(points: Points) -> Refusal | None:
    across, down = points[-1] - points[0]
    tilt = float(np.degrees(np.arctan2(abs(across), down)))
    if tilt <= STEEPEST and (np.diff(points[:, 1]) > 0).all():
        return None
    return Refusal(code="not-upright", reason="L1 to L5 do not lie one below the other: the picture is turned")


def _whole(points: Points, shape: tuple[int, int]) -> Refusal | None:
    """Each body inside of the picture."""
    room = HALF_BODY * float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
    edge = np.minimum(points, np.array(shape[::-1]) - points).min(1)
    cut = [level for level, left in zip(LEVELS, edge, strict=True) if left < room]
    if not cut:
        return None
    return Refusal(
        code="spine-cut-off",
        reason=f"{', '.join(cut)} reaches beyond the edge of the picture; the whole of L1 to L5 is needed",
    )


def _size(mm: Points) -> Refusal | None:
    distance = float(np.linalg.norm(np.diff(mm, axis=0), axis=1).mean())
    if CLOSEST <= distance <= WIDEST:
        return None
    return Refusal(
        code="size-implausible",
        reason=f"the vertebrae lie {distance:.0f} mm apart, {CLOSEST:.0f} to {WIDEST:.0f} mm is plausible: the size of"
        " a pixel in the header is wrong, or this is no adult lumbar spine",
    )


def check_photometry(image: Array, points: Points) -> Refusal | None:
    """Refuse a picture on which bone is dark. image: float32 (rows, columns); points: (5, 2) in its pixels."""
    if bone_over_beside(image, points) >= DARK_BONE:
        return None
    return Refusal(
        code="inverted", reason="bone is darker than what lies beside it: the grey scale of the picture is inverted"
    )


def bone_over_beside(image: Array, points: Points) -> float:
    """How much brighter the vertebral bodies are than what lies before and behind them: median over L1 to L4.

    In units of the spread of grey values over the picture; negative where bone is dark. L5 lies between the hip bones
    and is left out.
    """
    spread = float(np.subtract(*np.percentile(image, (95, 5)))) or 1.0
    return float(np.median([_contrast(image, patch) for patch in patches(points)[:4]])) / spread


def _contrast(image: Array, patch: Patch) -> float:
    sides = [_mean(image, patch, side * AWAY, BESIDE) for side in (-1, 1)]
    known = [side for side in sides if np.isfinite(side)]
    return _mean(image, patch, 0.0, BODY) - float(np.mean(known)) if known else 0.0


def _mean(image: Array, patch: Patch, across: float, box: tuple[float, float]) -> float:
    """Mean grey value of a box beside a body; NaN where it lies outside of the picture."""
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9))
    normal = patch.tangent * -1j
    places = patch.centre + patch.spacing * ((across + box[0] * u) * normal + box[1] * v * patch.tangent)
    columns, rows = np.floor(places.real).astype(int), np.floor(places.imag).astype(int)
    inside = (columns >= 0) & (rows >= 0) & (columns < image.shape[1]) & (rows < image.shape[0])
    return float(image[rows[inside], columns[inside]].mean()) if inside.any() else float("nan")
