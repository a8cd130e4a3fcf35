"""From a reading to findings: what is measured where, in source pixels."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import repeat

import numpy as np
from scipy import ndimage

from models.outlines import outline
from models.ssc_ild_mortality_ct.gates import middle_column, volume_ml
from models.ssc_ild_mortality_ct.lung_mask import Mask
from models.ssc_ild_mortality_ct.preprocess import Lungs, Prepared
from models.ssc_ild_mortality_ct.radiomics import Floats, extent
from screening import codes
from screening.codes import CodedName
from screening.findings import Measurement, MeasurementGroup, Point, Qualitative, Region, rectangle
from screening.images import Volume
from screening.rounding import rounded

DAYS = 365.25  # in a year
MORTALITY = {
    1: CodedName(value="MORT1Y", scheme=codes.PRIVATE_SCHEME, meaning="1-year all-cause mortality probability"),
    3: CodedName(value="MORT3Y", scheme=codes.PRIVATE_SCHEME, meaning="3-year all-cause mortality probability"),
    5: CodedName(value="MORT5Y", scheme=codes.PRIVATE_SCHEME, meaning="5-year all-cause mortality probability"),
}
"""By the year of the paper's horizons."""
DENSE_LUNG = CodedName(
    value="LUNGDENSE", scheme=codes.PRIVATE_SCHEME, meaning="Lung at -700 to -200 HU, without vessels"
)
LUNG_VOLUME = CodedName(value="LUNGVOL", scheme=codes.PRIVATE_SCHEME, meaning="Volume of both lungs")
SLICE_ATTENTION = CodedName(
    value="SLICEATTN",
    scheme=codes.PRIVATE_SCHEME,
    meaning="Share of the networks' attention on the slice weighted most",
)
PARTS = {"ResNet-18": "R18", "DenseNet-121": "D121", "Swin Transformer": "SWIN", "Radiomics": "RAD"}
"""Parts of the model that say something by themselves, with what their codes end in."""
SPLIT = 0.15  # share of a piece of lung on either side of the middle with which it is both lungs, grown together
SMOOTH = 5  # points of an outline that are averaged
LEAST_AREA = 1.0  # cm2 of a lung on a slice: less is a tip and gets no outline


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The slice that the networks weigh most."""

    scan: Prepared = field(repr=False)
    volume: Volume = field(repr=False)
    lungs: Lungs = field(repr=False)
    index: int  #: of the slice, in `scan`
    attention: float  #: its share, 0..1

    @property
    def uid(self) -> str:
        """SOP Instance UID of the source slice."""
        return self.volume.sop_instance_uids[self.scan.source_slices[self.index]]

    def place(self, point: Point) -> Point:
        """(column, row) in the grid's pixels -> source pixels, both from the corner of a pixel; inside the image."""
        _, row, column = self.scan.to_source(self.index, point[1] - 0.5, point[0] - 0.5)
        _, rows, columns = self.volume.hu.shape
        return min(max(float(column) + 0.5, 0.0), float(columns)), min(max(float(row) + 0.5, 0.0), float(rows))


def shown(scan: Prepared, volume: Volume, lungs: Lungs, attention: Floats) -> Shown:
    """The slice with the largest weight (S,); the lowest of equal ones."""
    index = int(attention.argmax())
    return Shown(scan=scan, volume=volume, lungs=lungs, index=index, attention=float(attention[index]))


def beside(view: Shown) -> Iterator[str]:
    """The other source slices, the nearest first, then the shown one for ever.

    Viewers write what lies on one slice over each other: the risks get slices of their own.
    """
    uids, middle = view.volume.sop_instance_uids, view.scan.source_slices[view.index]
    others = sorted(set(range(len(uids))) - {middle}, key=lambda k: (abs(k - middle), k))
    yield from (uids[k] for k in others)
    yield from repeat(view.uid)


def risks(by_year: Floats, part: str = "") -> tuple[Measurement, ...]:
    """Risks of years 1 to 5, 0..1 -> those of the paper's horizons, in percent; part: what says so by itself."""
    return tuple(
        Measurement(
            name=_of_part(name, part) if part else name,
            value=rounded(100 * float(by_year[year - 1]), 2),
            unit=codes.PERCENT,
            horizon_days=round(year * DAYS),
        )
        for year, name in MORTALITY.items()
    )


def _of_part(name: CodedName, part: str) -> CodedName:
    """A name that tells the part too: what a viewer writes beside a value is its name and nothing else."""
    meaning = f"{name.meaning.removesuffix(' probability')}, {part} alone"
    return replace(name, value=f"{name.value}-{PARTS[part]}", meaning=meaning)


def headline(view: Shown, by_year: Floats, stratum: tuple[CodedName, ...], uid: str) -> MeasurementGroup:
    """The risks, with what was measured in the whole of both lungs, on the box around them; uid: of the slice."""
    dense = 100 * extent(view.scan.hu, view.scan.lung, view.scan.spacing)
    return MeasurementGroup(
        tracking_identifier="Chest CT - analysed lungs (next to the slice weighted most)",
        finding=codes.INTERSTITIAL_LUNG_DISEASE,
        site=codes.LUNG,
        region=_box(view, uid),
        measurements=(
            *risks(by_year),
            Measurement(name=DENSE_LUNG, value=rounded(dense, 1), unit=codes.PERCENT),
            Measurement(name=LUNG_VOLUME, value=round(volume_ml(view.lungs), -1), unit=codes.MILLILITRE),
            Measurement(name=SLICE_ATTENTION, value=rounded(100 * view.attention, 1), unit=codes.PERCENT),
        ),
        qualitative=tuple(Qualitative(name=codes.RISK_STRATUM, value=value) for value in stratum),
    )


def lungs_on_slice(view: Shown) -> Iterator[MeasurementGroup]:
    """The outline of each lung on the slice, with how much of it is dense."""
    for side, mask in zip(("right", "left"), _sides(view), strict=True):
        area = float(mask.sum()) * view.scan.spacing[1] * view.scan.spacing[2] / 100
        if area < LEAST_AREA:
            continue
        dense = 100 * extent(view.scan.hu[[view.index]], mask[None], view.scan.spacing)
        yield MeasurementGroup(
            tracking_identifier=f"Lung on this slice, patient's {side}",
            finding=codes.LUNG,
            site=codes.LUNG,
            region=_ring(view, outline(mask)),
            measurements=(Measurement(name=DENSE_LUNG, value=rounded(dense, 1), unit=codes.PERCENT),),
        )


def part(view: Shown, name: str, by_year: Floats, uid: str) -> MeasurementGroup:
    """What one part of the model (of `PARTS`) says by itself; uid: of the slice beside which it is written."""
    return MeasurementGroup(
        tracking_identifier=f"{name} alone",
        finding=codes.INTERSTITIAL_LUNG_DISEASE,
        site=codes.LUNG,
        region=_box(view, uid),
        measurements=risks(by_year, name),
    )


def _box(view: Shown, uid: str) -> Region:
    """Around the lungs on the shown slice, around all that was read where it holds none; drawn on the slice uid."""
    lung = view.scan.lung[view.index]
    lung = lung if lung.any() else np.ones(lung.shape, bool)
    rows, columns = np.flatnonzero(lung.any(1)), np.flatnonzero(lung.any(0))
    left, top = view.place((float(columns[0]), float(rows[0])))
    right, bottom = view.place((float(columns[-1] + 1), float(rows[-1] + 1)))
    return rectangle(left, top, right, bottom, uid)


def _ring(view: Shown, ring: tuple[Point, ...]) -> Region:
    open_ring = np.array(ring[:-1])
    reach = (SMOOTH - 1) // 2  # the mean of neighbours moves a point by less than a pixel, and no step is left
    smooth = np.mean([np.roll(open_ring, shift, axis=0) for shift in range(-reach, reach + 1)], axis=0)
    points = tuple(view.place((float(x), float(y))) for x, y in (*smooth, smooth[0]))
    return Region(graphic_type="POLYLINE", points=points, sop_instance_uid=view.uid)


def _sides(view: Shown) -> tuple[Mask, Mask]:
    """(size, size) the right and the left lung on the slice; pieces that are both are cut at the body's middle."""
    lung, thin = view.scan.lung[view.index], view.lungs.thin[2]
    middle_of_source = middle_column(view.lungs) * thin + (thin - 1) / 2
    middle = (middle_of_source - view.scan.origin[1]) / view.scan.step[1]
    on_right = np.broadcast_to(np.arange(lung.shape[1]) < middle, lung.shape)
    right = np.zeros(lung.shape, bool)
    labels, count = ndimage.label(lung)
    for number in range(1, count + 1):
        piece = labels == number
        share = float(on_right[piece].mean())
        right |= (piece & on_right) if SPLIT < share < 1 - SPLIT else (piece & (share >= 0.5))
    return right, lung & ~right
