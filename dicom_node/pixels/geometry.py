"""Whether slices form a volume, and which (PS3.3 C.7.6.2.1.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import BadGeometry

ORIENTATION_TOLERANCE = 1e-3
"""Largest difference of a direction cosine: DS values are written with 4 to 6 decimals; 1e-3 is 0.06 degrees."""
DUPLICATE_DISTANCE = 0.01
"""mm: slices closer than this are at the same position; the thinnest CT slices are 0.25 mm apart."""
SPACING_TOLERANCE = 0.02
"""Part of the slice spacing by which a gap may differ; positions are rounded to 0.01 to 0.1 mm by some scanners."""
POSITION_TOLERANCE = 0.101
"""mm that a gap may differ in any case, for the same reason; 0.7 - 0.6 is a little more than 0.1 in binary."""
SHEAR_TOLERANCE = 0.02
"""Sideways drift per mm along the normal: 1.1 degrees of gantry tilt; beyond it the voxels are no cuboids."""
FARTHEST = 1e6
"""mm: no value of a plane is larger. Beyond it (1 km) arithmetic would overflow before a check could name the fault."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plane:
    """Where one slice lies: everything in mm in patient coordinates (LPS)."""

    sop_instance_uid: str
    position: tuple[float, ...]  #: Image Position (Patient): centre of the first pixel
    orientation: tuple[float, ...]  #: Image Orientation (Patient): direction of a row, then of a column
    spacing: tuple[float, ...]  #: Pixel Spacing: between rows, between columns
    rows: int
    columns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A regular stack: `order` sorts the planes from feet to head (or as its dominant axis grows)."""

    order: tuple[int, ...]
    spacing: tuple[float, float, float]  #: mm (dz, dy, dx)
    affine: Floats  #: (4, 4): voxel (x, y, z) to LPS mm


def grid_of(planes: Sequence[Plane]) -> Grid:
    """The grid that the planes form.

    Non-axial stacks are allowed: the affine says how they lie.

    Raises
    ------
    BadGeometry
        If they form none; names the SOP Instance UIDs or positions concerned.
    """
    if len(planes) < 2:
        raise BadGeometry(f"a volume needs at least 2 slices, got {len(planes)}")
    for plane in planes:
        _check(plane)
    first = planes[0]
    for plane in planes[1:]:
        _check_same(first, plane)
    row, column = np.array(first.orientation, dtype=np.float64).reshape(2, 3)
    normal = np.cross(row, column)
    normal /= np.linalg.norm(normal)
    normal *= np.sign(normal[np.argmax(np.abs(normal))])  # towards the head for axial slices: z grows to the head
    positions = np.array([plane.position for plane in planes], dtype=np.float64)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    _check_gaps(along[order], [planes[index].sop_instance_uid for index in order])
    step = (positions[order[-1]] - positions[order[0]]) / (len(planes) - 1)
    _check_straight(positions[order], step, normal)
    dy, dx = first.spacing
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = row * dx, column * dy, step
    affine[:3, 3] = positions[order[0]]
    return Grid(order=tuple(int(i) for i in order), spacing=(float(step @ normal), dy, dx), affine=affine)


def _check(plane: Plane) -> None:
    named = f"slice {plane.sop_instance_uid}"
    for keyword, values, count in (
        ("ImagePositionPatient", plane.position, 3),
        ("ImageOrientationPatient", plane.orientation, 6),
        ("PixelSpacing", plane.spacing, 2),
    ):
        if len(values) != count or not np.isfinite(values).all():
            raise BadGeometry(f"{named} has no {keyword} of {count} numbers")
        if max(map(abs, values)) > FARTHEST:
            raise BadGeometry(f"{named} has an {keyword} beyond {FARTHEST:.0f} mm")
    if min(plane.spacing) <= 0:
        raise BadGeometry(f"{named} has PixelSpacing {plane.spacing}, must be positive")
    row, column = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    lengths = [abs(float(np.linalg.norm(direction)) - 1) for direction in (row, column)]
    if max(*lengths, abs(float(row @ column))) > 10 * ORIENTATION_TOLERANCE:
        raise BadGeometry(f"{named} has an ImageOrientationPatient that is no pair of perpendicular unit vectors")


def _check_same(first: Plane, plane: Plane) -> None:
    if (plane.rows, plane.columns) != (first.rows, first.columns):
        raise BadGeometry(
            f"slices differ in size: {first.rows} x {first.columns} and {plane.rows} x {plane.columns} "
            f"(slice {plane.sop_instance_uid})"
        )
    if not np.allclose(plane.orientation, first.orientation, rtol=0, atol=ORIENTATION_TOLERANCE):
        raise BadGeometry(f"slices differ in orientation (slice {plane.sop_instance_uid}): is a localizer among them?")
    if not np.allclose(plane.spacing, first.spacing, rtol=1e-3, atol=0):
        raise BadGeometry(
            f"slices differ in PixelSpacing: {first.spacing} and {plane.spacing} (slice {plane.sop_instance_uid})"
        )


def _check_gaps(along: Floats, uids: Sequence[str]) -> None:
    """Distances between neighbours are all the same: no duplicates, no missing slices."""
    gaps = np.diff(along)
    if gaps.min() < DUPLICATE_DISTANCE:
        count = int((gaps < DUPLICATE_DISTANCE).sum())
        where = int(np.argmin(gaps))
        raise BadGeometry(
            f"{count} slice position(s) occur more than once, first at {along[where]:.2f} mm ({uids[where]} and "
            f"{uids[where + 1]}): several acquisitions or phases in one series?"
        )
    usual = float(np.median(gaps))
    odd = np.flatnonzero(np.abs(gaps - usual) > max(SPACING_TOLERANCE * usual, POSITION_TOLERANCE))
    if not len(odd):
        return
    where, gap = int(odd[0]), float(gaps[odd[0]])
    missing = round(gap / usual) - 1
    if missing > 0 and abs(gap - (missing + 1) * usual) <= max(SPACING_TOLERANCE * gap, POSITION_TOLERANCE):
        what = f"{missing} slice(s) missing"
    else:
        what = "uneven slice spacing"
    raise BadGeometry(
        f"{what} between {along[where]:.2f} and {along[where + 1]:.2f} mm: {gap:.2f} mm where {usual:.2f} mm is usual "
        f"({len(odd)} such gap(s))"
    )


def _check_straight(positions: Floats, step: Floats, normal: npt.NDArray[Any]) -> None:
    """The slices lie behind each other along their normal."""
    distance = float(step @ normal)
    sideways = float(np.linalg.norm(step - distance * normal)) / distance
    if sideways > SHEAR_TOLERANCE:
        degrees = float(np.degrees(np.arctan(sideways)))
        raise BadGeometry(f"the stack is sheared by {degrees:.1f} degrees (gantry tilt)")
    expected = positions[0] + np.arange(len(positions))[:, None] * step
    off = float(np.linalg.norm(positions - expected, axis=1).max())
    # spacing may drift by its tolerance; beyond two slices' worth of it the planes are shifted sideways
    if off > max(distance, 10 * POSITION_TOLERANCE):
        raise BadGeometry(f"slice positions leave the straight line by {off:.2f} mm")
