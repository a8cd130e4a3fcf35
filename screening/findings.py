"""What a model says about an image: coded values tied to a place in the source pixels, or why there are none."""

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from screening.codes import STATISTICS, CodedName
from screening.types import require_uid

Point = tuple[float, float]  #: (column, row) in source pixels; (0, 0) is the top left corner of the top left pixel


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A 2-D place on one source image (PS3.3 C.18.6: SCOORD). A POLYLINE whose first point is its last is closed."""

    graphic_type: Literal["POINT", "POLYLINE", "CIRCLE"]
    points: tuple[Point, ...]
    sop_instance_uid: str

    def __post_init__(self) -> None:
        least = {"POINT": 1, "CIRCLE": 2, "POLYLINE": 2}[self.graphic_type]
        if len(self.points) < least:
            raise ValueError(f"a {self.graphic_type} needs at least {least} points, got {len(self.points)}")
        if not np.isfinite(self.points).all():
            raise ValueError(f"points of a {self.graphic_type} must be finite, got {self.points}")
        require_uid("sop_instance_uid", self.sop_instance_uid)


def rectangle(left: float, top: float, right: float, bottom: float, sop_instance_uid: str) -> Region:
    """A rectangle as a closed 8-vertex polyline (corners, edge midpoints): viewers show it and do not offer to edit."""
    mid_x, mid_y = (left + right) / 2, (top + bottom) / 2
    ring = (
        (left, top), (mid_x, top), (right, top), (right, mid_y),
        (right, bottom), (mid_x, bottom), (left, bottom), (left, mid_y), (left, top),
    )  # fmt: skip
    return Region(graphic_type="POLYLINE", points=ring, sop_instance_uid=sop_instance_uid)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One value. Probabilities are in percent (0..100).

    horizon_days says for which time ahead a risk holds; 0 is the time of the image. derivation says how one value was
    made of many (PS3.16 CID 7464: mean, standard deviation).
    """

    name: CodedName
    value: float
    unit: CodedName
    horizon_days: int | None = None
    derivation: CodedName | None = None
    low: float | None = None  #: lower bound of the interval, in the same unit
    high: float | None = None

    def __post_init__(self) -> None:
        if not np.isfinite(self.value):
            raise ValueError(f"value of {self.name.value} must be finite, got {self.value}")
        if not all(bound is None or np.isfinite(bound) for bound in (self.low, self.high)):
            raise ValueError(f"bounds of {self.name.value} must be finite, got {self.low} and {self.high}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low of {self.name.value} must not exceed high, got {self.low} and {self.high}")
        if self.horizon_days is not None and self.unit.value == "%" and not 0 <= self.value <= 100:
            raise ValueError(f"risk {self.name.value} must lie in 0..100 %, got {self.value}")

    @property
    def is_statistic(self) -> bool:
        """Whether one value was made of many, by its name or by its derivation."""
        return self.derivation is not None or self.name in STATISTICS

    @property
    def title(self) -> str:
        """What it is, for people: its meaning with its derivation."""
        return self.name.meaning if self.derivation is None else f"{self.name.meaning} ({self.derivation.meaning})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Qualitative:
    """A coded answer to a coded question, e.g. risk stratum: high."""

    name: CodedName
    value: CodedName


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasurementGroup:
    """Values that belong to one place: a TID 1410 group (1411 with several regions). Viewers fail without a region."""

    tracking_identifier: str
    finding: CodedName
    site: CodedName
    region: Region
    measurements: tuple[Measurement, ...] = ()
    qualitative: tuple[Qualitative, ...] = ()
    further_regions: tuple[Region, ...] = ()  #: other parts of what was measured; viewers may draw the first alone

    @property
    def regions(self) -> tuple[Region, ...]:
        """Every region."""
        return (self.region, *self.further_regions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heatmap:
    """Where the model looked.

    values: float32 (h, w) in [0, 1], or in [-1, 1] where places speak for one of two `ends`. box: (left, top, right,
    bottom) of the area it covers, in source pixels.
    """

    values: npt.NDArray[np.float32] = field(repr=False)
    box: tuple[float, float, float, float]
    sop_instance_uid: str
    ends: tuple[str, str] | None = None  #: what -1 and 1 speak for, e.g. ("younger", "older"); None: no sign

    def __post_init__(self) -> None:
        least = 0 if self.ends is None else -1
        if self.values.ndim != 2 or self.values.dtype != np.float32:
            raise ValueError(f"values must be float32 (h, w), got {self.values.dtype} {self.values.shape}")
        if not ((self.values >= least) & (self.values <= 1)).all():
            raise ValueError(f"values of a heatmap must lie in [{least}, 1]")
        left, top, right, bottom = self.box
        if not (left < right and top < bottom):
            raise ValueError(f"box must be (left, top, right, bottom) with an area, got {self.box}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A volume that was measured: becomes a segment of a DICOM segmentation (PS3.3 C.8.20.2).

    mask: bool (N, rows, columns), for N source images in the order of sop_instance_uids.
    """

    label: str
    category: CodedName  #: PS3.16 CID 7150, e.g. tissue
    kind: CodedName  #: what it is, e.g. skeletal muscle
    site: CodedName | None  #: anatomic region, where `kind` is none
    tracking_identifier: str  #: of the group with its measurements
    sop_instance_uids: tuple[str, ...]
    mask: npt.NDArray[np.bool_] = field(repr=False)

    def __post_init__(self) -> None:
        if self.mask.ndim != 3 or self.mask.dtype != np.bool_ or len(self.mask) != len(self.sop_instance_uids):
            raise ValueError(
                f"mask must be bool (N, rows, columns) for {len(self.sop_instance_uids)} images,"
                f" got {self.mask.dtype} {self.mask.shape}"
            )
        if not self.mask.any((1, 2)).all() or not len(self.mask):
            raise ValueError(f"each image of segment {self.label!r} must show something of it")
        for uid in self.sop_instance_uids:
            require_uid("sop_instance_uids", uid)


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """A model's result for one study. The first measurement of the first group is the headline."""

    groups: tuple[MeasurementGroup, ...]
    conclusion: str  #: one or two sentences for the radiologist
    notes: tuple[str, ...] = ()  #: limits and quality remarks shown with the result
    out_of_distribution: float | None = None  #: distance from the training data; 1 is the 99th percentile of validation
    heatmap: Heatmap | None = None  #: not part of the stored findings
    window: tuple[float, float] | None = None  #: HU shown as black and as white on a slice; not stored either
    shown: str | None = None  #: SOP Instance UID of the slice to show, None: that of the first group; not stored either
    segments: tuple[Segment, ...] = ()  #: not part of the stored findings; they live in the segmentation

    def __post_init__(self) -> None:
        if not self.groups or not self.groups[0].measurements:
            raise ValueError("findings must begin with a group that holds the headline measurement")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError(f"window must be (black, white), rising, got {self.window}")
        groups = {group.tracking_identifier for group in self.groups}
        strange = [s.label for s in self.segments if s.tracking_identifier not in groups]
        if strange:
            raise ValueError(f"segment {strange[0]!r} must have the tracking identifier of a group")
        if self.out_of_distribution is not None and not np.isfinite(self.out_of_distribution):
            raise ValueError(f"out_of_distribution must be finite, got {self.out_of_distribution}")


@dataclass(frozen=True, kw_only=True, slots=True)
class NotEvaluable:
    """The model looked and refuses: a result in its own right, stored, counted and shown."""

    code: str  #: e.g. "age-unknown"; every code is listed in docs/
    reason: str  #: for radiologist and admin: what was found and what is needed
    sop_instance_uid: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.code):
            raise ValueError(f"code must be lower-case words joined by '-', got {self.code!r}")


Outcome = Findings | NotEvaluable
