"""From a reading to findings: risks on the area of L1 to L5, and the centre of each body, in source pixels."""

import numpy as np
import numpy.typing as npt

from models.patches import SIDE
from models.spine_fracture_xr.keypoints import LEVELS
from screening import codes
from screening.codes import CodedName
from screening.findings import Measurement, MeasurementGroup, Qualitative, Region, rectangle
from screening.rounding import rounded

Floats = npt.NDArray[np.float64]

DAYS = 365.25  # in a year
RISK = {
    years: CodedName(
        value=f"VFX{years}Y", scheme=codes.PRIVATE_SCHEME, meaning=f"{years}-year vertebral fracture probability"
    )
    for years in (1, 2, 3, 5)
}
"""By year."""
LOG_HAZARD = CodedName(value="LOGHAZ", scheme=codes.PRIVATE_SCHEME, meaning="Relative log-hazard of vertebral fracture")
PERCENTILE = CodedName(
    value="VFPCTL", scheme=codes.PRIVATE_SCHEME, meaning="Share of the reference cohort with a lower hazard"
)
LEAST_CONFIDENCE = CodedName(value="KPCONFMIN", scheme=codes.PRIVATE_SCHEME, meaning="Lowest L1-L5 keypoint confidence")
FRACTURE_RISK = CodedName(value="VFRISK", scheme=codes.PRIVATE_SCHEME, meaning="Vertebral fracture risk assessment")
BODY_CENTRE = CodedName(value="VBCENTRE", scheme=codes.PRIVATE_SCHEME, meaning="Vertebral body centre point")
PURPOSE = CodedName(value="130400", scheme="DCM", meaning="Geometric purpose of region")
CENTER = CodedName(value="111010", scheme="DCM", meaning="Center")  # CID 219
LUMBAR_SPINE = CodedName(value="122496007", scheme="SCT", meaning="Lumbar spine")
VERTEBRAE = {
    level: CodedName(value=value, scheme="SCT", meaning=f"{level} vertebra")
    for level, value in zip(LEVELS, ("66794005", "14293000", "36470004", "11994002", "49668003"), strict=True)
}
EDGE = 2.0  # source pixels that the outline stays inside of the picture


def risks(by_year: dict[int, float]) -> tuple[Measurement, ...]:
    """Risks in 0..1 by year -> measurements in percent."""
    return tuple(
        Measurement(
            name=RISK[years], value=rounded(100 * risk, 2), unit=codes.PERCENT, horizon_days=round(years * DAYS)
        )
        for years, risk in by_year.items()
    )


def headline(
    told: tuple[Measurement, ...], *, log_hazard: float, percentile: float, confidence: float, region: Region,
    stratum: tuple[CodedName, ...],
) -> MeasurementGroup:  # fmt: skip
    """The risks, on the area of L1 to L5. percentile in percent, confidence (of the least sure level) in 0..1."""
    return MeasurementGroup(
        tracking_identifier="Lumbar spine L1-L5 - analysed area",
        finding=FRACTURE_RISK,
        site=LUMBAR_SPINE,
        region=region,
        measurements=(
            *told,
            Measurement(name=LOG_HAZARD, value=rounded(log_hazard, 3), unit=codes.NO_UNITS),
            Measurement(name=PERCENTILE, value=rounded(percentile, 1), unit=codes.PERCENT),
            # a heatmap's maximum may come out a little above 1
            Measurement(name=LEAST_CONFIDENCE, value=rounded(100 * min(confidence, 1.0), 1), unit=codes.PERCENT),
        ),
        qualitative=tuple(Qualitative(name=codes.RISK_STRATUM, value=value) for value in stratum),
    )


def centres(points: Floats, sop_instance_uid: str) -> tuple[MeasurementGroup, ...]:
    """The centre of each body as a point without a number: that is what viewers can take over as a probe."""
    return tuple(
        MeasurementGroup(
            tracking_identifier=f"{level} vertebral body centre",
            finding=BODY_CENTRE,
            site=VERTEBRAE[level],
            region=Region(
                graphic_type="POINT", points=((float(column), float(row)),), sop_instance_uid=sop_instance_uid
            ),
            qualitative=(Qualitative(name=PURPOSE, value=CENTER),),
        )
        for level, (column, row) in zip(LEVELS, points, strict=True)
    )


def analysed_area(points: Floats, shape: tuple[int, int], sop_instance_uid: str) -> Region:
    """The rectangle around the patches that the network sees, inside of the picture.

    points: (5, 2) column and row in source pixels; shape: rows and columns of the picture.
    """
    reach = SIDE / 2 * float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
    limits = np.array(shape[::-1], np.float64) - EDGE
    left, top = np.maximum(points.min(0) - reach, EDGE)
    right, bottom = np.minimum(points.max(0) + reach, limits)
    return rectangle(float(left), float(top), float(right), float(bottom), sop_instance_uid)
