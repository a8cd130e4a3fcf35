"""What is measured in the masks at the resolution of the source: trabecular HU by level, muscle at L3."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.sections import Piece, Sections
from models.bone_muscle_ct.segmentation import HU, MUSCLES, VERTEBRA_LABELS, Labels, Mask, Triple

MEASURED = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
VALUE = dict(zip(("T10", *MEASURED, "S1"), VERTEBRA_LABELS, strict=True))
SKELETAL = (-29.0, 150.0)  # HU of skeletal muscle (van der Werf 2018)
# Half axes of the trabecular region as shares of the body's width, depth and height, and how far in front of the
# middle it lies: the oval of Pickhardt 2013 in the front of the spongiosa, away from the basivertebral veins behind.
REGION = (0.28, 0.24, 0.22)
FORWARD = 0.10
EROSION = 3.0  # mm from the surface of the body's mask: cortex and its blur stay outside; assumption
FEWEST = 60.0  # mm3 of a region that is measured; assumption
METAL = 2500.0  # HU within the vertebra's box: not measured (models.md 10)
THICKNESS = 5.0  # mm of slices averaged for the muscles: the usual slice, and less noise over the limits of SKELETAL
SMOOTHING = 1.2  # mm, SD in the plane, for the same reason; assumption

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Trabecular:
    """Mean HU of the spongiosa of one vertebra."""

    level: str
    hu: float
    sd: float  #: HU, between voxels
    voxels: int
    region: Piece = field(repr=False, compare=False)  #: where


@dataclass(frozen=True, kw_only=True)
class Muscle:
    """Muscle in one slice: area (cm2) and mean HU within -29..150 HU; fat: share of the compartment below -29 HU."""

    area: float
    hu: float
    fat: float


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """What a CT gives without any model of risk."""

    trabecular: tuple[Trabecular, ...]  #: from the head down, levels that could be measured
    metal: tuple[str, ...]  #: levels that were not measured because of metal
    muscle: Muscle | None  #: all skeletal muscle at the middle of L3; None without L3
    muscles: dict[str, Muscle]  #: the same by muscle
    slice_l3: int | None  #: index of the source slice of L3's middle

    def region(self, level: str) -> Piece:
        """Where the trabecular HU of a level was measured. Raises ValueError when it was not."""
        found = next((t.region for t in self.trabecular if t.level == level), None)
        if found is None:
            raise ValueError(f"level must be one that was measured, got {level!r}")
        return found

    def hu(self, level: str) -> float:
        """Trabecular HU of a level, NaN when it was not measured."""
        return next((t.hu for t in self.trabecular if t.level == level), float("nan"))


def measure(hu: HU, found: Segmentation) -> Measurements:
    """Measure a segmented CT; hu: float32 (Z, Y, X), the source of `found`."""
    trabecular, metal = [], []
    for level in MEASURED:
        if found.body(level) is None:
            continue
        box = found.boxes.get(VALUE[level])
        if box is None:
            continue
        if float(hu[box].max()) > METAL:
            metal.append(level)
            continue
        region = trabecular_region(found, level)
        if region is None:
            continue
        values = hu[region.box][region.mask]
        if values.size * float(np.prod(found.spacing)) >= FEWEST:
            trabecular.append(
                Trabecular(
                    level=level, hu=float(values.mean()), sd=float(values.std()), voxels=values.size, region=region
                )
            )
    middle = found.body("L3")
    if middle is None:
        return Measurements(trabecular=tuple(trabecular), metal=tuple(metal), muscle=None, muscles={}, slice_l3=None)
    k = int(np.clip(middle.centre[0] / found.spacing[0], 0, hu.shape[0] - 1))
    whole, parts = muscle_at(hu, found.muscles, found.spacing, k)
    return Measurements(trabecular=tuple(trabecular), metal=tuple(metal), muscle=whole, muscles=parts, slice_l3=k)


def _box(mask: Mask) -> tuple[slice, ...] | None:
    found = ndimage.find_objects(mask.astype(np.uint8))
    return found[0] if found else None


def frame_of(found: Segmentation, level: str, mask: Mask, start: Vector) -> tuple[Vector, Vector, Vector]:
    """Centre (mm), axes (rows: left, back, up; each z, y, x) and extents (mm) of a vertebral body.

    The axis upwards runs between the bodies above and below; extents are between the 2nd and 98th percentile.
    """
    points = np.argwhere(mask) * np.asarray(found.spacing) + start
    centre = points.mean(0)
    order = [b.level for b in found.levels]
    at = order.index(level)
    around = [found.levels[k].centre for k in (at - 1, at + 1) if 0 <= k < len(order)]
    up = np.array([1.0, 0.0, 0.0])
    if len(around) == 2:
        up = around[0] - around[1]
    elif around:
        up = (around[0] - centre) * (1 if at else -1)
    up = up / np.linalg.norm(up)
    left = np.array([0.0, 0.0, 1.0])
    left = left - up * (left @ up)
    left /= np.linalg.norm(left)
    back = np.cross(up, left)
    back *= np.sign(back[1])
    axes = np.stack([left, back, up])
    low, high = np.percentile((points - centre) @ axes.T, (2, 98), axis=0)
    middle = centre + ((low + high) / 2) @ axes
    return np.asarray(middle, np.float64), axes, np.asarray((high - low) / 0.96, np.float64)


def trabecular_region(found: Segmentation, level: str) -> Piece | None:
    """The ellipsoid in the front of a body's spongiosa; None without a body."""
    vertebra = found.body_mask(VALUE[level])
    inside = None if vertebra is None else _box(vertebra.mask)
    if vertebra is None or inside is None:
        return None
    box = (
        slice(vertebra.box[0].start + inside[0].start, vertebra.box[0].start + inside[0].stop),
        slice(vertebra.box[1].start + inside[1].start, vertebra.box[1].start + inside[1].stop),
        slice(vertebra.box[2].start + inside[2].start, vertebra.box[2].start + inside[2].stop),
    )
    parts, count = ndimage.label(vertebra.mask[inside])
    if count > 1:
        parts = parts == 1 + int(np.bincount(parts.ravel())[1:].argmax())
    mask = np.pad(parts > 0, 1)
    spacing = np.asarray(found.spacing)
    start = np.asarray([s.start for s in box]) * spacing + spacing / 2
    centre, axes, extent = frame_of(found, level, mask[1:-1, 1:-1, 1:-1], start)
    depth = ndimage.distance_transform_edt(mask, found.spacing)[1:-1, 1:-1, 1:-1]
    middle = centre - axes[1] * FORWARD * extent[1]
    z, y, x = (start[k] + spacing[k] * np.arange(n) for k, n in enumerate(depth.shape))
    offsets = (z[:, None, None] - middle[0], y[None, :, None] - middle[1], x[None, None, :] - middle[2])
    norm = np.zeros(depth.shape)
    for axis, share, size in zip(axes, REGION, extent, strict=True):
        norm += (sum(a * o for a, o in zip(axis, offsets, strict=True)) / (share * size)) ** 2
    return Piece(box=box, mask=(norm < 1) & (depth > min(EROSION, 0.9 * float(depth.max()))))


def muscle_at(hu: HU, muscles: Labels | Sections, spacing: Triple, k: int) -> tuple[Muscle, dict[str, Muscle]]:
    """All skeletal muscle, and each muscle, in source slice k. muscles: 1 + index in MUSCLES."""
    image, section = muscle_image(hu, muscles, spacing, k), muscles[k]
    cell = spacing[1] * spacing[2] / 100
    present = {name: section == n for n, name in enumerate(MUSCLES, start=1) if (section == n).any()}
    return _one(image, section > 0, cell), {name: _one(image, where, cell) for name, where in present.items()}


def muscle_image(hu: HU, muscles: Labels | Sections, spacing: Triple, k: int) -> npt.NDArray[np.float32]:
    """(Y, X) HU of the muscles on source slice k as they are measured: a mean of slices, smoothed within the mask."""
    half = int(max(0.0, (THICKNESS / spacing[0] - 1) / 2) + 0.5)
    slab = hu[max(0, k - half) : k + half + 1].mean(0)
    inside, width = (muscles[k] > 0).astype(np.float32), [SMOOTHING / s for s in spacing[1:]]
    # within the mask only, so that the fat around it does not shrink the muscle
    weight = np.maximum(ndimage.gaussian_filter(inside, width), 1e-3)
    return np.asarray(ndimage.gaussian_filter(slab * inside, width) / weight, np.float32)


def lean_muscle(hu: HU, muscles: Labels | Sections, spacing: Triple, k: int) -> Mask:
    """(Y, X) the muscle whose area is measured on source slice k: without the fat in it."""
    image = muscle_image(hu, muscles, spacing, k)
    return np.asarray((muscles[k] > 0) & (image >= SKELETAL[0]) & (image <= SKELETAL[1]), np.bool_)


def _one(image: npt.NDArray[np.float32], inside: Mask, cell: float) -> Muscle:
    values = image[inside]
    lean = values[(values >= SKELETAL[0]) & (values <= SKELETAL[1])]
    return Muscle(
        area=lean.size * cell,
        hu=float(lean.mean()) if lean.size else float("nan"),
        fat=float((values < SKELETAL[0]).mean()) if values.size else 0.0,
    )
