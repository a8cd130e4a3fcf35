"""From a CT to what the networks look at: upright volume, segmentation, slices and measurements."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.bone_muscle_ct.labelling import Segmentation, segment
from models.bone_muscle_ct.layout import LEVELS, Layout, Point, lay_out
from models.bone_muscle_ct.measurements import Measurements, measure
from models.bone_muscle_ct.preprocess import Among, Floats, Stack, cut
from models.bone_muscle_ct.segmentation import LEVELS as SEGMENTED
from models.bone_muscle_ct.segmentation import MUSCLES, VERTEBRA_LABELS, SegmentationNet
from screening.errors import BadGeometry
from screening.images import Volume

SPINAL = ("psoas", "erector_spinae", "multifidus", "quadratus")
STEEPEST = 0.85  # cosine of the largest angle (about 32 degrees) between a voxel axis and the body's; assumption
Affine = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A CT, ready to be read. affine: of the upright volume that the segmentation lies on."""

    stack: Stack = field(repr=False)
    layout: Layout
    segmentation: Segmentation = field(repr=False)
    measurements: Measurements
    affine: Affine = field(repr=False)


def upright(volume: Volume) -> tuple[Floats, Affine]:
    """HU (Z, Y, X) with z to the head, y to the back, x to the left, and its affine: axes swapped and turned round.

    Raises
    ------
    BadGeometry
        If a voxel axis lies far from every axis of the body: such slices are no axial ones.
    """
    hu, affine = volume.hu, volume.affine.copy()
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order = [int(np.argmax(np.abs(axes[row]))) for row in range(3)]  # which voxel axis runs along x, y, z
    if sorted(order) != [0, 1, 2] or any(abs(axes[row, column]) < STEEPEST for row, column in enumerate(order)):
        raise BadGeometry("the voxel axes must lie along the body's")
    hu = hu.transpose([2 - order[2 - k] for k in range(3)])  # array axes are z, y, x: 2 - voxel axis
    affine[:3, :3] = affine[:3, order]
    for axis in range(3):
        if affine[axis, axis] < 0:
            count = hu.shape[2 - axis]
            affine[:3, 3] += affine[:3, axis] * (count - 1)
            affine[:3, axis] *= -1
            hu = np.flip(hu, 2 - axis)
    return np.ascontiguousarray(hu), affine


def bodies_of(found: Segmentation, affine: Affine) -> dict[str, Point]:
    """Middles of the vertebral bodies in patient coordinates (x, y, z), mm."""
    points = {}
    for body in found.levels:
        z, y, x = (c / s - 0.5 for c, s in zip(body.centre, found.spacing, strict=True))
        place = affine @ np.array([x, y, z, 1.0])
        points[body.level] = (float(place[0]), float(place[1]), float(place[2]))
    return points


def prepare(volume: Volume, net: SegmentationNet, *, size: int, pixel: float, device: str = "cpu") -> Prepared:
    """Segment, measure and cut a CT.

    Raises
    ------
    BadGeometry
        If the slices are not axial.
    ValueError
        If L1-L4 are not all found.
    """
    return prepare_upright(*upright(volume), net, size=size, pixel=pixel, device=device)


def prepare_upright(
    hu: Floats, affine: Affine, net: SegmentationNet, *, size: int, pixel: float, device: str = "cpu"
) -> Prepared:
    """The same for a volume that is upright already; raises ValueError as `prepare` does."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    found = segment(net, hu, (float(spacing[2]), float(spacing[1]), float(spacing[0])), device=device)
    return prepare_segmented(hu, affine, found, size=size, pixel=pixel)


def prepare_segmented(hu: Floats, affine: Affine, found: Segmentation, *, size: int, pixel: float) -> Prepared:
    """The same for a volume whose segmentation is known; raises ValueError as `prepare` does."""
    places = lay_out(bodies_of(found, affine))
    values = tuple(value for level, value in zip(SEGMENTED, VERTEBRA_LABELS, strict=True) if level in LEVELS)
    muscles = tuple(1 + MUSCLES.index(name) for name in SPINAL)
    stack = cut(
        hu, affine, places, bone=Among(found.vertebrae, values), muscle=Among(found.muscles, muscles), size=size,
        pixel=pixel,
    )  # fmt: skip
    return Prepared(stack=stack, layout=places, segmentation=found, measurements=measure(hu, found), affine=affine)
