import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.codes import MEAN, MONTH, PERCENT, RISK_HIGH, RISK_STRATUM, CodedName
from screening.findings import Findings, Heatmap, Measurement, NotEvaluable, Outcome, Qualitative
from screening.serialize import (
    context_from_json,
    context_to_json,
    instance_from_json,
    instance_to_json,
    outcome_from_json,
    outcome_to_json,
)
from screening.types import ClinicalContext
from tests.screening.factories import NAME, UID, make_group, make_header, make_instance, make_measurement, make_region

FINDINGS = Findings(
    groups=(
        make_group(
            measurements=(make_measurement(low=3.5, high=30.0), make_measurement(value=-4.0, unit=MONTH)),
            qualitative=(Qualitative(name=RISK_STRATUM, value=RISK_HIGH),),
        ),
        make_group(tracking_identifier="heatmap hot spot 1", measurements=(), further_regions=(make_region(),)),
        make_group(measurements=(make_measurement(derivation=MEAN, horizon_days=0),)),
    ),
    conclusion="High risk.",
    notes=("AP view", "distance to the training data"),
    out_of_distribution=0.25,
)


def through_json(values: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(values, allow_nan=False)))


@pytest.mark.parametrize(
    "outcome",
    [
        FINDINGS,
        replace(FINDINGS, notes=(), out_of_distribution=None),
        NotEvaluable(code="age-unknown", reason="no age", sop_instance_uid=f"{UID}.3"),
        NotEvaluable(code="age-unknown", reason="no age"),
    ],
)
def test_an_outcome_comes_back_whole(outcome: Outcome) -> None:
    assert outcome_from_json(through_json(outcome_to_json(outcome))) == outcome


def test_the_heatmap_stays_behind() -> None:
    heatmap = Heatmap(values=np.zeros((2, 2), np.float32), box=(0, 0, 1, 1), sop_instance_uid=UID)
    assert outcome_from_json(through_json(outcome_to_json(replace(FINDINGS, heatmap=heatmap)))) == FINDINGS


@given(
    value=st.floats(0, 100),
    days=st.none() | st.integers(1, 36500),
    bounds=st.none() | st.tuples(st.floats(0, 50), st.floats(50, 100)),
)
def test_numbers_come_back_exactly(value: float, days: int | None, bounds: tuple[float, float] | None) -> None:
    low, high = bounds or (None, None)
    measured = Measurement(name=NAME, value=value, unit=PERCENT, horizon_days=days, low=low, high=high)
    outcome = Findings(groups=(make_group(measurements=(measured,)),), conclusion="")
    assert outcome_from_json(through_json(outcome_to_json(outcome))) == outcome


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """Valid findings as JSON, with one value replaced."""
    values = through_json(outcome_to_json(FINDINGS))
    place: Any = values
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return values


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "something"),
        (("groups",), []),
        (("groups",), None),
        (("groups", 0, "measurements"), []),
        (("groups", 0, "measurements", 0, "value"), float("nan")),
        (("groups", 0, "measurements", 0, "value"), "12.5"),
        (("groups", 0, "measurements", 0, "value"), 101),
        (("groups", 0, "measurements", 0, "surplus"), 1),
        (("groups", 0, "region", "sop_instance_uid"), "../etc"),
        (("groups", 0, "region", "points"), []),
        (("groups", 0, "region", "graphic_type"), "ELLIPSOID"),
        (("groups", 0, "finding", "value"), "x" * 17),
        (("out_of_distribution",), float("inf")),
    ],
)
def test_what_a_child_may_not_answer(path: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        outcome_from_json(changed(path, value))


def test_an_instance_comes_back_whole() -> None:
    header = make_header(PatientName="Dœ^Jane", ImageType=["ORIGINAL", "PRIMARY"], PixelSpacing=[0.1, 0.1], Rows=None)
    instance = make_instance(header=header)
    found = instance_from_json(through_json(instance_to_json(instance)))
    assert found == instance
    assert found.header == header


def test_a_forged_instance_is_refused() -> None:
    values = through_json(instance_to_json(make_instance()))
    with pytest.raises(ValueError, match="digest must be a SHA-256"):
        instance_from_json(values | {"digest": "0"})


@pytest.mark.parametrize(
    "context",
    [
        ClinicalContext(),
        ClinicalContext(
            diagnoses=(CodedName(value="J18.9", scheme="ICD10", meaning="Pneumonia"),), items={"urea_mmol_per_l": 8.1}
        ),
    ],
)
def test_a_context_comes_back_whole(context: ClinicalContext) -> None:
    assert context_from_json(through_json(context_to_json(context))) == context
