"""Valid values of the vocabulary; a test states only what matters to it."""

from typing import Any

from screening.codes import PERCENT, CodedName
from screening.findings import Measurement, MeasurementGroup, Region, rectangle
from screening.header import Header, JsonValue
from screening.reports import ObjectKind, ReportObject
from screening.types import Instance

UID = "1.2.826.0.1.3680043.10.1"
NAME = CodedName(value="T-1", scheme="99TEST", meaning="Something measured")


def make_instance(**changes: Any) -> Instance:
    """An instance; keyword arguments replace its fields."""
    values: dict[str, Any] = {
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1",
        "sop_instance_uid": f"{UID}.3",
        "series_instance_uid": f"{UID}.2",
        "study_instance_uid": f"{UID}.1",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "digest": "0123456789abcdef" * 4,
        "location": "00/00/file",
        "header": make_header(Modality="DX"),
    }
    return Instance(**(values | changes))


def make_header(**values: JsonValue) -> Header:
    """A header with these keywords."""
    return Header(values)


def make_region(**changes: Any) -> Region:
    """A rectangle, or what the keyword arguments make of it."""
    whole = rectangle(1, 2, 11, 22, f"{UID}.3")
    values = {"graphic_type": whole.graphic_type, "points": whole.points, "sop_instance_uid": whole.sop_instance_uid}
    return Region(**(values | changes))


def make_measurement(**changes: Any) -> Measurement:
    """A risk of 12.5 % in 30 days."""
    values: dict[str, Any] = {"name": NAME, "value": 12.5, "unit": PERCENT, "horizon_days": 30}
    return Measurement(**(values | changes))


def make_group(**changes: Any) -> MeasurementGroup:
    """A group with one measurement."""
    values: dict[str, Any] = {
        "tracking_identifier": "headline",
        "finding": NAME,
        "site": NAME,
        "region": make_region(),
        "measurements": (make_measurement(),),
    }
    return MeasurementGroup(**(values | changes))


def make_object(**changes: Any) -> ReportObject:
    """A result object whose bytes have the preamble and prefix of a PS3.10 file."""
    values: dict[str, Any] = {
        "kind": ObjectKind.SC,
        "role": "card",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.7",
        "sop_instance_uid": f"{UID}.9",
        "series_instance_uid": f"{UID}.8",
        "encoded": bytes(128) + b"DICM",
    }
    return ReportObject(**(values | changes))
