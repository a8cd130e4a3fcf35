"""Where what was measured lies, in the pixels of the source slices: boxes, outlines and masks."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.bone_muscle_ct.measurements import VALUE, lean_muscle
from models.bone_muscle_ct.prepare import Prepared
from models.bone_muscle_ct.segmentation import MUSCLES, Mask
from models.outlines import outline
from screening import codes
from screening.findings import Region, Segment, rectangle
from screening.images import Volume

SMOOTH = 3  # points of an outline that are averaged
EVERY = 2  # of the points of an outline that is kept
FEWEST = 8  # points that an outline keeps: viewers take rings of four or five for rectangles to be edited
LEAST_AREA = 0.5  # cm2 of a piece of muscle: less gets no outline


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A CT and what was found in it, on the same grid."""

    volume: Volume = field(repr=False)
    prepared: Prepared = field(repr=False)

    def uid(self, k: int) -> str:
        """SOP Instance UID of slice k."""
        return self.volume.sop_instance_uids[k]

    @property
    def plane(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        _, rows, columns = self.volume.hu.shape
        return rows, columns

    def slice_of(self, level: str) -> int:
        """The slice through the middle of a body.

        Raises
        ------
        ValueError
            If the level was not found.
        """
        found = self.prepared.segmentation
        body = found.body(level)
        if body is None:
            raise ValueError(f"level must be one that was found, got {level!r}")
        return int(np.clip(body.centre[0] / found.spacing[0], 0, len(self.volume.hu) - 1))


def body_box(scan: Scan, level: str, taken: Collection[str] = ()) -> Region:
    """The box around a vertebral body on the slice through its middle, or the nearest one that is not taken.

    taken: SOP Instance UIDs of slices that bear something else. Viewers write what lies on one slice over each other.

    Raises
    ------
    ValueError
        If the level was not found, or no voxel is its body's.
    """
    middle, body = scan.slice_of(level), scan.prepared.segmentation.body_mask(VALUE[level])
    if body is None or not body.mask.any():
        raise ValueError(f"no voxel is of the body of {level}")
    shown = body.slices
    k = min((k for k in shown if scan.uid(k) not in taken), key=lambda one: (abs(one - middle), one), default=middle)
    # without a free slice: the whole body, seen from above
    mask = body.mask[k - body.box[0].start][None] if k in shown else body.mask
    rows = np.flatnonzero(mask.any((0, 2))) + body.box[1].start
    columns = np.flatnonzero(mask.any((0, 1))) + body.box[2].start
    return rectangle(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1), scan.uid(k))


def trabecular_ring(scan: Scan, level: str, taken: Collection[str] = ()) -> Region:
    """The outline of the measured part of a body on the slice, of those that are not taken, that holds most of it."""
    region = scan.prepared.measurements.region(level)
    area = dict(enumerate(region.mask.sum((1, 2)).tolist(), start=region.box[0].start))
    shown = region.slices
    k = max([k for k in shown if scan.uid(k) not in taken] or shown, key=lambda one: (area[one], -one))
    return _ring(region.section(k, scan.plane), scan.uid(k))


def muscle_rings(scan: Scan, k: int) -> tuple[Region, ...]:
    """The outlines of the muscles on slice k, the largest first; the right and the left one of a muscle are two."""
    section = scan.prepared.segmentation.muscles[k]
    cell = scan.volume.spacing[1] * scan.volume.spacing[2] / 100
    pieces = sorted(_pieces(section), key=lambda piece: -int(piece.sum()))
    return tuple(_ring(piece, scan.uid(k)) for piece in pieces if piece.sum() * cell >= LEAST_AREA)


def trabecular_segment(scan: Scan, level: str, tracking_identifier: str) -> Segment:
    """The measured part of a body through all its slices."""
    region = scan.prepared.measurements.region(level)
    slices = region.slices
    return Segment(
        label=f"{level} trabecular ROI",
        category=codes.ANATOMICAL_STRUCTURE,
        kind=codes.VERTEBRAE[level],
        site=None,
        tracking_identifier=tracking_identifier,
        sop_instance_uids=tuple(scan.uid(k) for k in slices),
        mask=np.stack([region.section(k, scan.plane) for k in slices]),
    )


def muscle_segment(scan: Scan, k: int, tracking_identifier: str) -> Segment:
    """The muscle whose area is measured on slice k."""
    found = scan.prepared.segmentation
    return Segment(
        label="Skeletal muscle at L3",
        category=codes.TISSUE,
        kind=codes.SKELETAL_MUSCLE,
        site=codes.VERTEBRAE["L3"],
        tracking_identifier=tracking_identifier,
        sop_instance_uids=(scan.uid(k),),
        mask=lean_muscle(scan.volume.hu, found.muscles, found.spacing, k)[None],
    )


def _pieces(section: npt.NDArray[np.uint8]) -> Iterator[Mask]:
    for number in range(1, len(MUSCLES) + 1):
        parts, count = ndimage.label(section == number)
        yield from (np.asarray(parts == part, np.bool_) for part in range(1, count + 1))


def _ring(mask: Mask, uid: str) -> Region:
    open_ring = np.array(outline(mask)[:-1])
    reach = (SMOOTH - 1) // 2  # the mean of neighbours moves a point by less than a pixel, and no step is left
    smooth = np.mean([np.roll(open_ring, shift, axis=0) for shift in range(-reach, reach + 1)], axis=0)
    kept = smooth[::EVERY] if len(smooth) >= EVERY * FEWEST else smooth
    points = tuple((round(float(x), 3), round(float(y), 3)) for x, y in (*kept, kept[0]))
    return Region(graphic_type="POLYLINE", points=points, sop_instance_uid=uid)
