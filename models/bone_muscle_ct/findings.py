"""From a reading to findings: what is measured where, in source pixels, and what is withheld."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from models.bone_muscle_ct.layout import LEVELS
from models.bone_muscle_ct.measurements import Measurements, Trabecular
from models.bone_muscle_ct.places import (
    Scan,
    body_box,
    muscle_rings,
    muscle_segment,
    trabecular_ring,
    trabecular_segment,
)
from models.bone_muscle_ct.reader import Readings
from screening import codes
from screening.codes import CodedName
from screening.findings import Measurement, MeasurementGroup, Qualitative, Segment
from screening.rounding import rounded

DAYS = 365.25  # in a year
FRACTURE_NOW = CodedName(
    value="VFXPREV", scheme=codes.PRIVATE_SCHEME, meaning="Prevalent vertebral fracture probability"
)
FRACTURE_RISK = {
    2: CodedName(value="VFX2Y", scheme=codes.PRIVATE_SCHEME, meaning="2-year vertebral fracture probability"),
    3: CodedName(value="VFX3Y", scheme=codes.PRIVATE_SCHEME, meaning="3-year vertebral fracture probability"),
    5: CodedName(value="VFX5Y", scheme=codes.PRIVATE_SCHEME, meaning="5-year vertebral fracture probability"),
}
"""By the year of the paper's horizons."""
FRACTURE_ASSESSMENT = CodedName(
    value="VFRISK", scheme=codes.PRIVATE_SCHEME, meaning="Vertebral fracture risk assessment"
)
TRABECULAR_REGION = CodedName(
    value="TRABROI", scheme=codes.PRIVATE_SCHEME, meaning="Trabecular bone region of interest"
)
MUSCLE_FAT = CodedName(
    value="MUSCLEFAT", scheme=codes.PRIVATE_SCHEME, meaning="Share of fat (below -29 HU) in the muscles"
)
PROBABLE = 50.0  # percent of probability from which a fracture counts as there; assumption
PATIENT, MUSCLE = "Patient-level vertebral fracture", "Skeletal muscle at L3"
FIRST = ("L1", "L2", "L3", "L4", "T12", "L5", "T11")
"""The level whose attenuation is the headline where no probability is: L1, else the next best that was measured."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything that is told of a CT; what is withheld is None or empty."""

    scan: Scan = field(repr=False)
    reading: Readings | None = field(repr=False)  #: of this one CT; None: the networks' figures are withheld
    risk: bool  #: whether the risks of years ahead are told
    muscle: bool  #: whether the muscle at L3 is told
    stratum: tuple[CodedName, ...] = ()  #: of the 5-year risk, by a site's thresholds

    @property
    def measured(self) -> Measurements:
        """What was measured in the masks."""
        return self.scan.prepared.measurements


def groups_of(result: Result) -> tuple[MeasurementGroup, ...]:
    """The groups, the headline first, each on a slice of its own; empty when there is nothing to tell."""
    muscle = list(_muscle(result))
    taken = {group.region.sop_instance_uid for group in muscle}
    regions = [_trabecular(result.scan, one, taken) for one in sorted(result.measured.trabecular, key=_rank)]
    taken |= {group.region.sop_instance_uid for group in regions}
    bodies = [] if result.reading is None else list(_bodies(result.scan, result.reading, taken))
    taken |= {group.region.sop_instance_uid for group in bodies}
    patient = [] if result.reading is None else [_patient(result, result.reading, taken)]
    if result.risk or (result.reading is not None and fractured(result.reading)):
        return (*patient, *regions[:1], *muscle, *bodies, *regions[1:])
    return (*regions[:1], *muscle, *patient, *bodies, *regions[1:])


def segments_of(result: Result) -> tuple[Segment, ...]:
    """The masks of L1's spongiosa and of the muscle, as far as they were measured."""
    found: list[Segment] = []
    if any(one.level == "L1" for one in result.measured.trabecular):
        found.append(trabecular_segment(result.scan, "L1", region_name("L1")))
    if result.muscle and result.measured.slice_l3 is not None:
        found.append(muscle_segment(result.scan, result.measured.slice_l3, MUSCLE))
    return tuple(found)


def risks(by_year: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> tuple[Measurement, ...]:
    """Risks of years 1 to 5, 0..1 -> those of the paper's horizons, in percent."""
    return tuple(
        Measurement(
            name=name, value=percent(by_year[year - 1]), unit=codes.PERCENT, horizon_days=round(year * DAYS)
        )
        for year, name in FRACTURE_RISK.items()
    )  # fmt: skip


def fractured(reading: Readings) -> bool:
    """Whether a fracture is more probable than none."""
    return percent(reading.fracture[0]) >= PROBABLE


def percent(probability: float) -> float:
    """0..1 -> percent with two decimals, more where nothing else would be left."""
    return rounded(100 * float(probability), 2)


def region_name(level: str) -> str:
    """Tracking identifier of a level's spongiosa."""
    return f"{level} trabecular ROI"


def _rank(one: Trabecular) -> int:
    return FIRST.index(one.level)


def _patient(result: Result, reading: Readings, taken: Collection[str]) -> MeasurementGroup:
    """Now and ahead, on the box around the body that is most likely fractured."""
    now = Measurement(
        name=FRACTURE_NOW, value=percent(reading.fracture[0]), unit=codes.PERCENT, horizon_days=0
    )  # fmt: skip
    return MeasurementGroup(
        tracking_identifier=PATIENT,
        finding=FRACTURE_ASSESSMENT,
        site=codes.SPINE,
        region=body_box(result.scan, LEVELS[int(np.nanargmax(reading.levels[0]))], taken),
        measurements=(now, *(risks(reading.risks[0]) if result.risk else ())),
        qualitative=tuple(Qualitative(name=codes.RISK_STRATUM, value=value) for value in result.stratum),
    )


def _bodies(scan: Scan, reading: Readings, taken: Collection[str]) -> Iterator[MeasurementGroup]:
    """Each level's fracture now; a level without a slice has none."""
    for level, probability in zip(LEVELS, reading.levels[0], strict=True):
        if np.isfinite(probability):
            yield MeasurementGroup(
                tracking_identifier=f"{level} vertebral body",
                finding=codes.COMPRESSION_FRACTURE,
                site=codes.VERTEBRAE[level],
                region=body_box(scan, level, taken),
                measurements=(Measurement(name=FRACTURE_NOW, value=percent(probability), unit=codes.PERCENT),),
            )


def _trabecular(scan: Scan, one: Trabecular, taken: Collection[str]) -> MeasurementGroup:
    spread = () if one.level != "L1" else (attenuation(one.sd, codes.ATTENUATION_SD),)
    return MeasurementGroup(
        tracking_identifier=region_name(one.level),
        finding=TRABECULAR_REGION,
        site=codes.VERTEBRAE[one.level],
        region=trabecular_ring(scan, one.level, taken),
        measurements=(attenuation(one.hu), *spread),
    )


def _muscle(result: Result) -> Iterator[MeasurementGroup]:
    muscle, k = result.measured.muscle, result.measured.slice_l3
    if not result.muscle or muscle is None or k is None:
        return
    first, *others = muscle_rings(result.scan, k)
    yield MeasurementGroup(
        tracking_identifier=MUSCLE,
        finding=codes.SKELETAL_MUSCLE,
        site=codes.VERTEBRAE["L3"],
        region=first,
        further_regions=tuple(others),
        measurements=(
            Measurement(name=codes.AREA, value=round(muscle.area, 1), unit=codes.SQUARE_CENTIMETRE),
            attenuation(muscle.hu),
            Measurement(name=MUSCLE_FAT, value=rounded(100 * muscle.fat, 1), unit=codes.PERCENT),
        ),
    )


def attenuation(hu: float, name: CodedName = codes.MEAN_ATTENUATION) -> Measurement:
    """Mean or spread of the attenuation coefficient."""
    return Measurement(name=name, value=rounded(hu, 1), unit=codes.HOUNSFIELD)
