"""What this model asks of an abdominal CT; what all CT models ask is in tests/models/test_ct_selection.py."""

from typing import Any

import pytest

from models import registry
from models.bone_muscle_ct.selection import select
from screening.types import Series
from tests.models.ct_series import chest, study_of


def abdomen(number: int = 1, *, spacing: float = 3.0, count: int = 80, **values: Any) -> Series:
    return chest(number, spacing=spacing, count=count, **{"BodyPartExamined": "ABDOMEN", "Columns": 512, **values})


def refusals(**values: Any) -> list[str]:
    return [one.code for one in select(study_of(abdomen(**values))).rejected]


def test_the_thinnest_abdominal_ct_is_taken() -> None:
    selection = select(study_of(abdomen(1, spacing=5.0, count=50), abdomen(2, spacing=1.5, count=160), abdomen(3)))
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.2"
    assert selection.chosen.reason.startswith("axial abdominal CT: 160 slices every 1.5 mm over 240 mm")
    assert [one.code for one in selection.rejected] == ["not-preferred", "not-preferred"]


def test_slices_of_five_millimetres_are_taken() -> None:
    assert refusals(spacing=5.0, count=50) == []


def test_the_scan_without_contrast_medium_is_taken() -> None:
    selection = select(study_of(abdomen(1, ContrastBolusAgent="Iodine"), abdomen(2)))
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.2"
    assert "without contrast medium" in selection.rejected[0].reason


@pytest.mark.parametrize("part", ["ABDOMEN", "Pelvis", "ABDPELV", "CHESTABDPELV", "WHOLEBODY", "TRUNK", "LSPINE", ""])
def test_what_may_hold_the_lumbar_spine_is_left_to_the_pixel_check(part: str) -> None:
    assert refusals(BodyPartExamined=part) == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"BodyPartExamined": "CHEST"}, "wrong-body-part"),
        ({"BodyPartExamined": "", "SeriesDescription": "Thorax 1.0 B30f"}, "wrong-body-part"),
        ({"PatientAge": "017Y"}, "not-adult"),
        ({"SliceThickness": "6"}, "slices-too-thick"),
        ({"count": 45}, "coverage-too-short"),
        ({"spacing": 5.0, "count": 29}, "too-few-slices"),
        ({"PixelSpacing": [0.3, 0.3]}, "field-of-view-narrow"),
    ],
    ids=str,
)
def test_what_is_not_for_this_model(values: dict[str, Any], code: str) -> None:
    assert refusals(**values) == [code]


@pytest.mark.parametrize("description", ["Thorax Abdomen Pelvis", "Chest/Abd", "Abdomen 3.0"])
def test_a_description_that_names_the_abdomen_too_is_no_objection(description: str) -> None:
    assert refusals(BodyPartExamined="", SeriesDescription=description) == []


@pytest.mark.parametrize("age", ["018Y", "049Y", "085Y", ""])
def test_age_withholds_the_risk_and_not_the_study(age: str) -> None:
    assert refusals(PatientAge=age) == []


def test_it_runs_for_everybody() -> None:
    assert registry.indication("bone_muscle_ct") is None
