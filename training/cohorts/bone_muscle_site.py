"""A site's own CTs of `bone_muscle_ct`, read by its table."""

from pathlib import Path

import numpy as np

from models.bone_muscle_ct.layout import LEVELS, SLICES
from models.bone_muscle_ct.prepare import SPINAL, Prepared, prepare
from models.bone_muscle_ct.reader import load_reader
from models.bone_muscle_ct.segmentation import SegmentationNet
from screening.errors import BadGeometry, BadHeader, BadPixelData, ScreeningError
from training.cohorts.bone_muscle_data import BoneMuscleCohort, pack
from training.cohorts.columns import Column, Kind
from training.cohorts.site_images import WrongModality, read_site_volume
from training.cohorts.table import BadRow, CohortTable, Layout, Outcome, Row

THICKEST = 5.0  # mm (models.md 3, S4)
DAYS = 365.25  # in a year: tables count days
LAYOUT = Layout(
    outcome=Outcome.SURVIVAL,
    clinical=(
        Column(name="age_years", low=0, high=130), Column(name="sex", kind=Kind.TEXT, choices=("M", "F")),
        Column(name="fracture_now", kind=Kind.YES_NO),
    ),
    comparators=("frax",),
    groups=("vendor",),
)  # fmt: skip


def read_for(table: CohortTable, *, bundle: Path, device: str = "cpu") -> tuple[BoneMuscleCohort, tuple[BadRow, ...]]:
    """A site's CTs as the networks of a bundle want them; see `read`.

    Raises
    ------
    WeightsMismatch
        If the bundle cannot be read.
    """
    reader = load_reader(bundle, device=device)
    return read(table, reader.segmentation, size=reader.size, pixel=reader.pixel, device=str(reader.device))


class _Unusable(Exception):
    """What a CT must be, without quoting it."""


def read(
    table: CohortTable, net: SegmentationNet, *, size: int, pixel: float, device: str = "cpu"
) -> tuple[BoneMuscleCohort, tuple[BadRow, ...]]:
    """A site's CTs, and the rows whose CT cannot be used.

    Labels of single levels are not in the table: only whether there is a fracture of T12-L5. The measured HU and areas
    stand in for the auxiliary labels.

    Parameters
    ----------
    table
        Read with LAYOUT.
    net
        Finds levels and muscles.
    size, pixel
        Of a slice: pixels along a side, and mm.
    """
    kept: list[tuple[Row, Prepared]] = []
    bad: list[BadRow] = []
    for row in table.rows:
        try:
            kept.append((row, _prepare(row.images, net, size=size, pixel=pixel, device=device)))
        except _Unusable as error:
            bad.append(BadRow(line=row.line, faults=(("images", str(error)),)))
    return _cohort(kept, size), tuple(bad)


def _prepare(paths: tuple[Path, ...], net: SegmentationNet, *, size: int, pixel: float, device: str) -> Prepared:
    try:
        volume = read_site_volume(paths)
        if volume.spacing[0] > THICKEST + 0.01:
            raise _Unusable(f"must have a slice every {THICKEST:g} mm or less, got {volume.spacing[0]:.1f} mm")
        found = prepare(volume, net, size=size, pixel=pixel, device=device)
    except WrongModality as error:
        raise _Unusable(str(error)) from error
    except (BadHeader, BadPixelData, BadGeometry) as error:
        raise _Unusable(f"must be one axial CT series ({type(error).__name__})") from error
    except (ScreeningError, OSError) as error:
        raise _Unusable(f"must be files that can be read ({type(error).__name__})") from error
    except ValueError as error:  # of `lay_out`
        raise _Unusable("must show L1-L4") from error
    if found.segmentation.doubtful:
        raise _Unusable("must show a spine whose levels can be counted")
    if found.measurements.metal:
        raise _Unusable("must have no metal in the spine")
    return found


def _cohort(kept: list[tuple[Row, Prepared]], size: int) -> BoneMuscleCohort:
    def numbers(values: list[float], *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.asarray(values, np.float32).reshape(len(kept), *shape)

    def cells(name: str) -> list[float]:
        return [_number(row, name) for row, _ in kept]

    stacks = [found.stack for _, found in kept]
    empty = (0, SLICES, size, size)
    return BoneMuscleCohort(
        pictures=np.stack([s.pictures for s in stacks]) if stacks else np.zeros(empty, np.uint8),
        masks=np.stack([pack(s) for s in stacks]) if stacks else np.zeros((0, 2, SLICES, size, size // 8), np.uint8),
        present=np.asarray([s.present for s in stacks], np.bool_).reshape(len(kept), SLICES),
        trabecular=numbers([found.measurements.hu(level) for _, found in kept for level in LEVELS], len(LEVELS)),
        muscle=numbers([value for _, found in kept for value in _muscle(found)], 2),
        broken=np.full((len(kept), len(LEVELS)), np.nan, np.float32),
        time=numbers(cells("time"), 1) / np.float32(DAYS), event=numbers(cells("event"), 1) > 0,
        lp=np.full(len(kept), np.nan, np.float32), age=numbers(cells("age_years")), frax=numbers(cells("frax")),
        sex=np.asarray([str(row.values["sex"] or "") for row, _ in kept], np.str_),
        patient_id=np.asarray([row.patient_id for row, _ in kept], np.str_), told=numbers(cells("fracture_now")),
        vendor=np.asarray([str(row.values["vendor"] or "") for row, _ in kept], np.str_),
    )  # fmt: skip


def _number(row: Row, name: str) -> float:
    value = row.values[name]
    return float("nan") if value is None or isinstance(value, str) else float(value)


def _muscle(found: Prepared) -> tuple[float, float]:
    parts = [found.measurements.muscles[name] for name in SPINAL if name in found.measurements.muscles]
    area = sum(part.area for part in parts)
    return (sum(part.hu * part.area for part in parts if part.area) / area, area) if area else (float("nan"), 0.0)
