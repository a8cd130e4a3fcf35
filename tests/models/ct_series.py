"""Headers of CT series for the tests of selection."""

from collections.abc import Sequence
from typing import Any

from screening.header import Header, JsonValue
from screening.types import Instance, Series, Study

CT = "1.2.840.10008.5.1.4.1.1.2"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def ct_instance(number: int, *, z: float, series: str = "1.2.3.1", **values: Any) -> Instance:
    """An axial slice of an adult's chest at a height; a value None takes the element away."""
    header: dict[str, JsonValue] = {
        "Modality": "CT", "BodyPartExamined": "CHEST", "PatientAge": "061Y", "PatientPosition": "HFS",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "ConvolutionKernel": "SOFT", "SliceThickness": "2",
        "ImageOrientationPatient": list(AXIAL), "ImagePositionPatient": [-150.0, -150.0, z],
        "PixelSpacing": [0.7, 0.7], "AcquisitionDate": "20260302", "AcquisitionTime": "101500",
    }  # fmt: skip
    kept = {keyword: value for keyword, value in (header | values).items() if value is not None}
    return Instance(
        sop_class_uid=str(kept.pop("SOPClassUID", CT)),
        sop_instance_uid=f"{series}.{number}",
        series_instance_uid=series,
        study_instance_uid="1.2.3",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        digest="0" * 64,
        location=f"{series}.{number}",
        header=Header(kept),
    )


def ct_series(heights: Sequence[float], *, series: str = "1.2.3.1", **values: Any) -> list[Instance]:
    """A slice at each height, mm."""
    return [ct_instance(number, z=z, series=series, **values) for number, z in enumerate(heights, start=1)]


def chest(number: int = 1, *, spacing: float = 2.0, count: int = 140, **values: Any) -> Series:
    """A chest CT, series 1.2.3.<number>; its slices are as thick as they are apart."""
    uid = f"1.2.3.{number}"
    thick = {"SliceThickness": str(spacing)} | values
    return series_of(ct_series([spacing * index for index in range(count)], series=uid, **thick))


def series_of(instances: Sequence[Instance]) -> Series:
    """A series of such slices."""
    return Series(series_instance_uid=instances[0].series_instance_uid, instances=tuple(instances))


def study_of(*series: Series) -> Study:
    """A study of such series."""
    return Study(study_instance_uid="1.2.3", series=series)
