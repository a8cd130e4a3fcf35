"""What dcmqi's tid1500reader makes of a structured report, beside what the outcome told.

The program ends with 0 whatever it read, a key object selection or a broken tree, so only its JSON says anything.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from screening.codes import CodedName
from screening.findings import Measurement, MeasurementGroup, NotEvaluable, Outcome
from screening.rounding import rounded

ALGORITHM_FAMILY = "111000"  # dcmqi lists it among the answers of each group, although it belongs to the algorithm


def check_with_dcmqi(path: Path, outcome: Outcome) -> None:
    """Every group of the outcome came back: names, values, units, derivations, intervals, answers, places, in order."""
    groups = read_with_dcmqi(path)
    if isinstance(outcome, NotEvaluable):
        (refusal,) = groups
        assert refusal["Finding"]["CodeValue"] == "NOTEVALUABLE"
        assert refusal["measurementItems"] == []
        return
    for group, told in zip(groups, outcome.groups, strict=True):
        assert _read(group) == _told(told)
    assert len({group["TrackingUniqueIdentifier"] for group in groups}) == len(groups)


def read_with_dcmqi(path: Path) -> list[dict[str, Any]]:
    """The measurement groups of a structured report as dcmqi's JSON has them."""
    program = Path(sys.executable).with_name("tid1500reader")
    out = path.with_suffix(".json")
    command = [str(program), "--inputDICOM", str(path), "--outputMetadata", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    groups: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["Measurements"]
    return groups


def _read(group: dict[str, Any]) -> dict[str, Any]:
    """A group of dcmqi's JSON in the words of `_told`."""
    return {
        "tracking_identifier": group["TrackingIdentifier"],
        "finding": _triple(group["Finding"]),
        "site": _triple(group["FindingSite"]),
        "measurements": [_number(item) for item in group["measurementItems"]],
        "answers": [
            (_triple(item["conceptCode"]), _triple(item["conceptValue"]))
            for item in group["qualitativeEvaluations"]
            if item["conceptCode"]["CodeValue"] != ALGORITHM_FAMILY
        ],
    }


def _number(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": _triple(item["quantity"]),
        "value": float(item["value"]),
        "unit": _triple(item["units"]),
        "derivation": _triple(item["derivationModifier"]) if "derivationModifier" in item else None,
        "interval": [
            (bound["numProperty"]["CodeValue"], float(bound["numPropertyValue"]), _triple(bound["numPropertyUnits"]))
            for bound in item.get("measurementNumProperties", [])
        ],
    }


def _triple(code: dict[str, str]) -> tuple[str, str, str]:
    return code["CodeValue"], code["CodingSchemeDesignator"], code["CodeMeaning"]


def _told(group: MeasurementGroup) -> dict[str, Any]:
    return {
        "tracking_identifier": group.tracking_identifier,
        "finding": _code(group.finding),
        "site": _code(group.site),
        "measurements": [_measurement(item) for item in group.measurements],
        "answers": [(_code(answer.name), _code(answer.value)) for answer in group.qualitative],
    }


def _measurement(told: Measurement) -> dict[str, Any]:
    digits = 2 if told.unit.value == "%" else 6  # as the report is to write them
    bounds = {"INTERVALLOW": told.low, "INTERVALHIGH": told.high}
    return {
        "name": _code(told.name),
        "value": rounded(told.value, digits),
        "unit": _code(told.unit),
        "derivation": None if told.derivation is None else _code(told.derivation),
        "interval": [
            (name, rounded(bound, digits), _code(told.unit)) for name, bound in bounds.items() if bound is not None
        ],
    }


def _code(name: CodedName) -> tuple[str, str, str]:
    return name.value, name.scheme, name.meaning
