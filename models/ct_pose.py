"""Which way round a CT shows the body, whatever its header says: by its bones, its outline and the liver.

The spine lies behind the middle of the body and near its midline; the body is wider than deep; its bones are alike on
both sides; the largest organ without hollows lies on the right.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.ct_body import Floats, Mask, Triple, coarse, filled, opened, trunk
from models.once import Once
from screening.images import Volume

GRID = 4.0  # mm: what bones and outline are looked at in
BONE = 200.0  # HU of the mean over a coarse voxel
LEAST = 300.0  # mm2 of bone on a slice that is looked at
REACH = 20.0  # mm: what is nearer to bone than half of it counts as bone when slices are compared
SPINE = 48.0  # mm: width of a vertebra with its arch
BLUR = 8.0  # mm by which bones are blurred before both sides are compared
SHIFTS = 32.0  # mm by which the line between both sides may lie off the body's middle
BACKWARDS = 0.0
"""Share of the body's depth that spine and bones must lie behind its middle, the mean of both. On 80 phantoms of the
abdomen it was 0.04 to 0.22, mirrored or turned by 180 degrees -0.21 to -0.03; on 40 of the chest 0.09 to 0.20 and -0.19
to -0.09; half of all with another hospital's settings. On a real chest 0.19, on real pieces of the upper abdomen 0.12
and 0.23. Of the three signs of a picture turned by 90 degrees those phantoms had none, turned all three."""
ORGAN_GRID, ORGAN = 6.0, 48.0  # mm: what the liver is looked for in; no part of it is narrower
SOLID = (-10.0, 220.0)  # HU of organs, enhanced too, without fat
LEAST_ORGAN_ML = 200.0  # of such tissue: less says nothing
MIRRORED = -15.0
"""mm that the middle of solid tissue must lie right of the body's: on 40 phantoms of the
abdomen it was 32 to 80 mm, mirrored -79 to -32; on 40 of the chest 17 to 80 and -81 to -35; on two real scans 35 and
53."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How bones and outline lie. Shares are of the body's depth and width."""

    spine_behind: float  #: the spine behind the body's middle, share
    spine_aside: float  #: the spine off the body's middle towards the right of the picture, share
    bones_behind: float  #: all bones behind all of the body, share
    wide: float  #: width against depth
    sides_alike: float  #: how alike bones are left and right, less how alike front and back; -1..1

    @property
    def behind(self) -> float:
        """Mean of both shares: below 0 the back is in front."""
        return (self.spine_behind + self.bones_behind) / 2

    @property
    def sideways(self) -> int:
        """Signs, of three, that the picture is turned by 90 degrees."""
        return sum((abs(self.spine_aside) > abs(self.spine_behind), self.wide < 1, self.sides_alike < 0))

    @property
    def objection(self) -> tuple[str, str] | None:
        """Reason code and reason, or None where the body lies as it should."""
        if self.sideways >= 2:
            return (
                "turned",
                f"the slices are turned by 90 degrees: the spine lies {100 * self.spine_aside:.0f} % of the width"
                f" beside and {100 * self.spine_behind:.0f} % of the depth behind the body's middle, which is"
                f" {self.wide:.1f} times as wide as deep",
            )
        if self.behind < BACKWARDS:
            return "back-to-front", "the bones lie before the body's middle: the slices are turned over or mirrored"
        return None


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A CT on a grid of about `GRID` mm: (Z, Y, X) arrays, which are not to be changed."""

    hu: Floats = field(repr=False)  #: means over coarse voxels
    spacing: Triple  #: mm (dz, dy, dx)
    body: Mask = field(repr=False)  #: without table and arms
    whole: Mask = field(repr=False)  #: the same with its hollows
    pose: Pose | None  #: None where hardly any bone is shown


@Once
def outline_of(volume: Volume) -> Outline:
    """The body in a volume, and how it lies."""
    hu, spacing = coarse(volume, GRID)
    body = trunk(hu)
    whole = filled(body)
    return Outline(hu=hu, spacing=spacing, body=body, whole=whole, pose=pose_of(hu, whole, spacing))


def pose_of(hu: Floats, body: Mask, spacing: Triple) -> Pose | None:
    """How the body lies; None where hardly any bone is shown.

    Parameters
    ----------
    hu, body
        (Z, Y, X) on a coarse grid of about 4 mm; the body without table, its hollows filled.
    spacing
        mm (dz, dy, dx).
    """
    bone = (hu > BONE) & body
    shown = bone.sum((1, 2)) * spacing[1] * spacing[2] >= LEAST
    if not shown.any():
        return None
    places = [np.flatnonzero(body[shown].any(axes)) for axes in ((0, 2), (0, 1))]
    extent = [float(np.ptp(at)) + 1 for at in places]
    middle = [float(at[0] + at[-1]) / 2 for at in places]
    spine = _spine(bone[shown], spacing)
    deep, wide = (_extents(body[shown], axis) * spacing[1 + axis] for axis in (0, 1))
    return Pose(
        spine_behind=(spine[0] - middle[0]) / extent[0],
        spine_aside=(spine[1] - middle[1]) / extent[1],
        bones_behind=(_row(bone) - _row(body)) / extent[0],
        wide=float(np.median(wide / np.maximum(deep, 1))),
        sides_alike=_alike(bone, body, spacing, 1) - _alike(bone, body, spacing, 0),
    )


@Once
def organ_side(volume: Volume) -> float:
    """How far right of the body's middle the middle of solid tissue lies, mm; NaN where there is little.

    Solid is what holds a cube of `ORGAN` mm: the liver, and of other organs little.
    """
    hu, spacing = coarse(volume, ORGAN_GRID)
    body = filled(trunk(hu))
    mean = ndimage.uniform_filter(hu, 3)
    cube = [max(1, min(round(ORGAN / s), n)) for s, n in zip(spacing, hu.shape, strict=True)]
    solid = opened((mean > SOLID[0]) & (mean < SOLID[1]) & body, cube).sum((0, 1))
    if solid.sum() * float(np.prod(spacing)) / 1000 < LEAST_ORGAN_ML:
        return float("nan")
    columns = np.flatnonzero(body.any((0, 1)))
    mean_column = float((np.arange(solid.size) * solid).sum() / solid.sum())
    return (float(columns[0] + columns[-1]) / 2 - mean_column) * spacing[2]


def check_sides(volume: Volume) -> tuple[str, str] | None:
    """Reason code and reason where the liver seems to lie on the left."""
    if not organ_side(volume) < MIRRORED:
        return None
    return (
        "mirrored",
        "the largest organ lies on the left: the slices are mirrored from left to right, or the patient's organs are",
    )


def _spine(bone: Mask, spacing: Triple) -> tuple[int, int]:
    """Row and column around which bone lies on the most slices. A heart full of contrast medium is on fewer."""
    reach, width = ([max(1, round(mm / s)) for s in spacing[1:]] for mm in (REACH, SPINE))
    near = np.mean([ndimage.maximum_filter(section, reach) for section in bone], axis=0)
    often = ndimage.uniform_filter(near, width, mode="constant")
    row, column = np.unravel_index(int(often.argmax()), often.shape)
    return int(row), int(column)


def _extents(body: Mask, axis: int) -> npt.NDArray[np.float64]:
    """Voxels from end to end of the body on each slice, down (0) or across (1)."""
    return np.array([np.ptp(at) + 1 if (at := np.flatnonzero(one.any(1 - axis))).size else 0 for one in body], float)


def _row(mask: Mask) -> float:
    counts = mask.sum((0, 2))
    return float((np.arange(counts.size) * counts).sum() / counts.sum())


def _alike(bone: Mask, body: Mask, spacing: Triple, axis: int) -> float:
    """Correlation of the bones, all slices on one another, with their mirror image; axis: 0 top to bottom, 1 aside."""
    seen = bone.sum(0).astype(np.float64)
    picture = ndimage.gaussian_filter(seen, [BLUR / s for s in spacing[1:]])
    counts = body.sum((0, 2 - axis))
    middle, count = float((np.arange(counts.size) * counts).sum() / counts.sum()), picture.shape[axis]
    reach = int(SHIFTS / spacing[1 + axis])
    best, total = 0.0, float((picture**2).sum())
    for shift in range(-reach, reach + 1):
        across = np.round(2 * middle + shift).astype(int) - np.arange(count)
        inside = (across >= 0) & (across < count)
        mirrored = np.take(picture, np.clip(across, 0, count - 1), axis) * np.expand_dims(inside, 1 - axis)
        best = max(best, float((picture * mirrored).sum()) / np.sqrt(total * max(float((mirrored**2).sum()), 1e-9)))
    return best
