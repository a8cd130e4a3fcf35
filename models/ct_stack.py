"""Whether the slices of a CT series form one axial stack, by their headers. No pixel data; no torch.

`dicom_node.pixels.geometry` asks the same of decoded slices, more strictly and in the worker; this decides between
series before any is read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from screening.types import Instance

AXIAL_COSINE = 0.95  # of the slices' normal and the body's axis: 18 degrees; assumption
SAME_COSINE = 1e-3  # largest difference of a direction cosine between slices: 0.06 degrees
DUPLICATE = 0.01  # mm between slices at the same place
UNEVEN = 0.02  # part of the spacing by which a gap may differ
ROUNDED = 0.101  # mm by which it may differ in any case

Objection = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Axial slices of one series, from feet to head."""

    instances: tuple[Instance, ...]
    spacing: float  #: mm from slice to slice, the median
    thickness: float  #: mm, SliceThickness, the largest; the spacing where it is not stated
    gap: str | None  #: what is irregular between slices, or None

    @property
    def coverage(self) -> float:
        """Length, mm, from the lower face of the first slice to the upper one of the last, by the usual spacing."""
        return self.spacing * len(self.instances)


def stack_of(instances: Sequence[Instance]) -> Stack | Objection:
    """The stack that images form, or the reason code and reason why they form none."""
    placed: list[tuple[float, Instance]] = []
    first: tuple[float, ...] = ()
    for instance in instances:
        header = instance.header
        position, directions = header.numbers("ImagePositionPatient"), header.numbers("ImageOrientationPatient")
        if len(position) != 3 or len(directions) != 6 or len(header.numbers("PixelSpacing")) != 2:
            return "geometry-unknown", "a slice has no position, orientation or pixel spacing"
        first = first or directions
        if max(abs(a - b) for a, b in zip(directions, first, strict=True)) > SAME_COSINE:
            return "several-orientations", "its slices lie in several directions: reformats, or a localizer among them"
        normal = _normal(directions)
        if abs(normal[2]) < AXIAL_COSINE:
            tilt = math.degrees(math.acos(min(1.0, abs(normal[2]))))
            return "not-axial", f"slices are tilted by {tilt:.0f} degrees from axial: coronal, sagittal or oblique"
        along = sum(a * b for a, b in zip(position, normal, strict=True))
        placed.append((along * math.copysign(1.0, normal[2]), instance))
    return _ordered(placed)


def _ordered(placed: list[tuple[float, Instance]]) -> Stack | Objection:
    if len(placed) < 2:
        return "too-few-slices", "a single slice is no volume"
    ordered = sorted(placed, key=lambda pair: (pair[0], pair[1].sop_instance_uid))
    gaps = [high[0] - low[0] for low, high in pairwise(ordered)]
    doubled = sum(gap < DUPLICATE for gap in gaps)
    if doubled:
        return "slices-doubled", f"{doubled} slice position(s) occur more than once: several acquisitions in one series"
    usual = median(gaps)
    thickness = [value for _, one in ordered if (value := one.header.number("SliceThickness")) is not None]
    return Stack(
        instances=tuple(instance for _, instance in ordered),
        spacing=usual,
        thickness=max(thickness, default=usual),
        gap=_gap([along for along, _ in ordered], gaps, usual),
    )


def _gap(along: Sequence[float], gaps: Sequence[float], usual: float) -> str | None:
    odd = [i for i, gap in enumerate(gaps) if abs(gap - usual) > max(UNEVEN * usual, ROUNDED)]
    if not odd:
        return None
    return (
        f"{gaps[odd[0]]:.1f} mm between slices at {along[odd[0]]:.1f} mm where {usual:.1f} mm is usual"
        f" ({len(odd)} such gap(s)): slices are missing or uneven"
    )


def _normal(directions: Sequence[float]) -> tuple[float, float, float]:
    """Cross product of row and column direction, of length 1 (0 for directions that are none)."""
    (a, b, c), (d, e, f) = directions[:3], directions[3:]
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = math.sqrt(sum(x * x for x in normal)) or 1.0
    return normal[0] / length, normal[1] / length, normal[2] / length
