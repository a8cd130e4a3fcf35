"""Reads a CT series, or one enhanced multi-frame CT, as one volume in Hounsfield units."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dicom_node.elements import DataSet, Elements, nested
from dicom_node.file_bytes import FileBytes
from dicom_node.keywords import tag
from dicom_node.pixels.frames import PixelSource, locate
from dicom_node.pixels.geometry import Plane, grid_of
from dicom_node.values import numbers_of, text_of
from screening.errors import BadGeometry, BadPixelData
from screening.images import Volume
from screening.types import Instance

MAX_VOXELS = 2**29
"""2 GiB of float32: 2,048 slices of 512 x 512, more than any thorax and abdomen at 0.5 mm."""
MAX_SLICES = 5_000
PADDING_HU = -1024.0
"""What Pixel Padding Value becomes: nothing was measured there, so the lowest value of the 12-bit CT scale."""

_SHARED, _PER_FRAME = tag("SharedFunctionalGroupsSequence"), tag("PerFrameFunctionalGroupsSequence")
_MEASURES, _POSITION = tag("PixelMeasuresSequence"), tag("PlanePositionSequence")
_ORIENTATION, _TRANSFORMATION = tag("PlaneOrientationSequence"), tag("PixelValueTransformationSequence")
_MODALITY_LUT = tag("ModalityLUTSequence")
_ELEMENTS = (
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept",
    "RescaleType", "PixelPaddingValue", "PixelPaddingRangeLimit",
)  # fmt: skip
_WANTED = frozenset(
    (_SHARED, _PER_FRAME, _MEASURES, _POSITION, _ORIENTATION, _TRANSFORMATION, _MODALITY_LUT, *map(tag, _ELEMENTS))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Slice:
    """One slice, located but not decoded."""

    plane: Plane
    source: PixelSource = field(repr=False)
    frame: int
    slope: float
    intercept: float
    padding: tuple[float, float] | None  #: stored values from, to

    def write(self, hu: npt.NDArray[np.float32]) -> None:
        """Decode into float32 (rows, columns), Hounsfield units."""
        stored: npt.NDArray[Any] = self.source.stored_values(self.frame)
        np.multiply(stored, np.float32(self.slope), out=hu, casting="unsafe")
        hu += np.float32(self.intercept)
        if self.padding is not None:
            hu[(stored >= self.padding[0]) & (stored <= self.padding[1])] = PADDING_HU


def read_volume(sources: Sequence[tuple[Path, Instance]], *, threads: int = 1) -> Volume:
    """The volume that the stored files of one series form; decoded by so many threads.

    Each file is located and checked before the volume is allocated, in one piece.

    Raises
    ------
    BadHeader, BadPixelData
        If a file cannot be read, or does not say how its values become Hounsfield units.
    BadGeometry
        If the slices form no regular grid, or one larger than `MAX_VOXELS`.
    SpoolUnavailable
        If a file itself cannot be read.
    """
    if not 1 <= len(sources) <= MAX_SLICES:
        raise BadGeometry(f"a volume is read from 1 to {MAX_SLICES} files, got {len(sources)}")
    slices = [one for path, instance in sources for one in _slices(path, instance)]
    grid = grid_of([one.plane for one in slices])
    ordered = [slices[index] for index in grid.order]
    shape = (len(ordered), ordered[0].plane.rows, ordered[0].plane.columns)
    voxels = shape[0] * shape[1] * shape[2]
    if voxels > MAX_VOXELS:
        raise BadGeometry(f"{shape[0]} slices of {shape[1]} x {shape[2]} are {voxels} voxels, at most {MAX_VOXELS}")
    hu = np.empty(shape, dtype=np.float32)
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        for _ in pool.map(_Slice.write, ordered, hu):
            pass
    if not np.isfinite(hu).all():
        raise BadPixelData("RescaleSlope and RescaleIntercept give values that are no numbers")
    headers = {instance.sop_instance_uid: instance.header for _, instance in sources}
    return Volume(
        hu=hu,
        spacing=grid.spacing,
        affine=grid.affine,
        sop_instance_uids=tuple(one.plane.sop_instance_uid for one in ordered),
        header=headers[ordered[0].plane.sop_instance_uid],
    )


def _slices(path: Path, instance: Instance) -> list[_Slice]:
    """The slices in one file: one, or each frame of a multi-frame object."""
    uid = instance.sop_instance_uid
    try:
        with FileBytes(path) as file:
            data_set, source = locate(path, file, _WANTED, uid)
            if source.layout.photometric != "MONOCHROME2":
                raise BadPixelData("a CT image must be MONOCHROME2")
            return [_slice(data_set, source, uid, frame) for frame in range(source.layout.frames)]
    except BadPixelData as error:
        raise BadPixelData(f"slice {uid}: {error}") from error


def _slice(data_set: DataSet, source: PixelSource, uid: str, frame: int) -> _Slice:
    groups = _groups(data_set, frame, source.layout.frames)

    def numbers(keyword: str, sequence: int) -> tuple[float, ...]:
        item = next((item for group in groups for item in nested(group, sequence)), data_set.elements)
        return numbers_of(data_set, item.get(tag(keyword)), signed=source.layout.signed)

    plane = Plane(
        sop_instance_uid=uid,
        position=numbers("ImagePositionPatient", _POSITION),
        orientation=numbers("ImageOrientationPatient", _ORIENTATION),
        spacing=numbers("PixelSpacing", _MEASURES),
        rows=source.layout.rows,
        columns=source.layout.columns,
    )
    slope, intercept = numbers("RescaleSlope", _TRANSFORMATION), numbers("RescaleIntercept", _TRANSFORMATION)
    units = next((item for group in groups for item in nested(group, _TRANSFORMATION)), data_set.elements)
    _check_rescale(data_set, slope, intercept, text_of(data_set, units.get(tag("RescaleType"))))
    padding = numbers_of(data_set, data_set.elements.get(tag("PixelPaddingValue")), signed=source.layout.signed)
    limit = numbers_of(data_set, data_set.elements.get(tag("PixelPaddingRangeLimit")), signed=source.layout.signed)
    ends = sorted((padding[0], (limit or padding)[0])) if padding else None
    return _Slice(
        plane=plane,
        source=source,
        frame=frame,
        slope=slope[0],
        intercept=intercept[0],
        padding=None if ends is None else (ends[0], ends[1]),
    )


def _groups(data_set: DataSet, frame: int, frames: int) -> list[Elements]:
    """The functional groups of a frame, its own before the shared ones; none in a single-frame image."""
    shared = [*nested(data_set.elements, _SHARED)][:1]
    per_frame = [*nested(data_set.elements, _PER_FRAME)]
    if frames > 1 and len(per_frame) != frames:
        raise BadPixelData(f"{frames} frames, but {len(per_frame)} items of PerFrameFunctionalGroupsSequence")
    return [*per_frame[frame : frame + 1], *shared]


def _check_rescale(data_set: DataSet, slope: Sequence[float], intercept: Sequence[float], units: str) -> None:
    """Values become Hounsfield units only as the header says (PS3.3 C.8.2.1, C.11.1.1.2)."""
    if _MODALITY_LUT in data_set.elements:
        raise BadPixelData("a CT image must not have a Modality LUT Sequence")
    if not slope or not intercept:
        raise BadPixelData("no RescaleSlope and RescaleIntercept: its Hounsfield units are unknown")
    if slope[0] == 0:
        raise BadPixelData("RescaleSlope is 0")
    if units.upper() not in ("", "HU"):
        raise BadPixelData(f"RescaleType is {units[:16]!r}, must be HU")
