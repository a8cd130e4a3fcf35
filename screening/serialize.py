"""Findings, instances and contexts as JSON, for the child process, the database and the command line."""

from typing import Any, cast

from screening.codes import CodedName
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Outcome, Qualitative, Region
from screening.header import Header
from screening.types import ClinicalContext, Instance


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """A findings or not-evaluable value as JSON, without heatmap and segments: they live in the report's objects."""
    if isinstance(outcome, NotEvaluable):
        return {
            "kind": "not_evaluable",
            "code": outcome.code,
            "reason": outcome.reason,
            "sop_instance_uid": outcome.sop_instance_uid,
        }
    return {
        "kind": "findings",
        "groups": [_group_to_json(group) for group in outcome.groups],
        "conclusion": outcome.conclusion,
        "notes": list(outcome.notes),
        "out_of_distribution": outcome.out_of_distribution,
    }


def outcome_from_json(values: dict[str, Any]) -> Outcome:
    """The inverse of `outcome_to_json`, except for heatmap and segments.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the values are not what `outcome_to_json` writes.
    """
    if values["kind"] == "not_evaluable":
        return NotEvaluable(code=values["code"], reason=values["reason"], sop_instance_uid=values["sop_instance_uid"])
    if values["kind"] != "findings":
        raise ValueError(f"kind must be findings or not_evaluable, got {values['kind']!r}")
    return Findings(
        groups=tuple(_group_from_json(group) for group in values["groups"]),
        conclusion=values["conclusion"],
        notes=tuple(values["notes"]),
        out_of_distribution=values["out_of_distribution"],
    )


def instance_to_json(instance: Instance) -> dict[str, Any]:
    """An indexed instance as JSON. Holds the header, and so the patient's identity."""
    return {
        "sop_class_uid": instance.sop_class_uid,
        "sop_instance_uid": instance.sop_instance_uid,
        "series_instance_uid": instance.series_instance_uid,
        "study_instance_uid": instance.study_instance_uid,
        "transfer_syntax_uid": instance.transfer_syntax_uid,
        "digest": instance.digest,
        "location": instance.location,
        "header": dict(instance.header),
    }


def instance_from_json(values: dict[str, Any]) -> Instance:
    """The inverse of `instance_to_json`."""
    return Instance(**{**values, "header": Header(values["header"])})


def context_to_json(context: ClinicalContext) -> dict[str, Any]:
    """A clinical context as JSON."""
    return {"diagnoses": [_code_to_json(code) for code in context.diagnoses], "items": dict(context.items)}


def context_from_json(values: dict[str, Any]) -> ClinicalContext:
    """The inverse of `context_to_json`."""
    return ClinicalContext(diagnoses=tuple(CodedName(**code) for code in values["diagnoses"]), items=values["items"])


def _code_to_json(code: CodedName) -> dict[str, str]:
    return {"value": code.value, "scheme": code.scheme, "meaning": code.meaning}


def _group_to_json(group: MeasurementGroup) -> dict[str, Any]:
    return {
        "tracking_identifier": group.tracking_identifier,
        "finding": _code_to_json(group.finding),
        "site": _code_to_json(group.site),
        "region": _region_to_json(group.region),
        "further_regions": [_region_to_json(region) for region in group.further_regions],
        "measurements": [_measurement_to_json(measurement) for measurement in group.measurements],
        "qualitative": [
            {"name": _code_to_json(answer.name), "value": _code_to_json(answer.value)} for answer in group.qualitative
        ],
    }


def _region_to_json(region: Region) -> dict[str, Any]:
    return {
        "graphic_type": region.graphic_type,
        "points": [list(point) for point in region.points],
        "sop_instance_uid": region.sop_instance_uid,
    }


def _region_from_json(values: dict[str, Any]) -> Region:
    return Region(
        graphic_type=values["graphic_type"],
        points=tuple(cast("tuple[float, float]", tuple(point)) for point in values["points"]),
        sop_instance_uid=values["sop_instance_uid"],
    )


def _group_from_json(values: dict[str, Any]) -> MeasurementGroup:
    return MeasurementGroup(
        tracking_identifier=values["tracking_identifier"],
        finding=CodedName(**values["finding"]),
        site=CodedName(**values["site"]),
        region=_region_from_json(values["region"]),
        further_regions=tuple(_region_from_json(region) for region in values.get("further_regions", ())),
        measurements=tuple(_measurement_from_json(measurement) for measurement in values["measurements"]),
        qualitative=tuple(
            Qualitative(name=CodedName(**answer["name"]), value=CodedName(**answer["value"]))
            for answer in values["qualitative"]
        ),
    )


def _measurement_to_json(measurement: Measurement) -> dict[str, Any]:
    return {
        "name": _code_to_json(measurement.name),
        "value": measurement.value,
        "unit": _code_to_json(measurement.unit),
        "horizon_days": measurement.horizon_days,
        "derivation": None if measurement.derivation is None else _code_to_json(measurement.derivation),
        "low": measurement.low,
        "high": measurement.high,
    }


def _measurement_from_json(values: dict[str, Any]) -> Measurement:
    derivation = values.get("derivation")
    codes = {"name": CodedName(**values["name"]), "unit": CodedName(**values["unit"])}
    return Measurement(**{**values, **codes, "derivation": None if derivation is None else CodedName(**derivation)})
