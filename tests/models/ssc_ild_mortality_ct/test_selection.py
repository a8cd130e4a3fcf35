"""What this model asks of a chest CT; what all CT models ask is in tests/models/test_ct_selection.py."""

from typing import Any

import pytest

from models.ssc_ild_mortality_ct.selection import INDICATION, select
from tests.models.ct_series import chest, study_of


def refusals(**values: Any) -> list[str]:
    return [one.code for one in select(study_of(chest(**values))).rejected]


def test_the_thinnest_chest_ct_is_taken() -> None:
    selection = select(study_of(chest(1, spacing=3.0, count=90), chest(2, spacing=1.0, count=280), chest(3)))
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.2"
    assert selection.chosen.reason.startswith("axial chest CT: 280 slices every 1 mm over 280 mm")
    assert [one.code for one in selection.rejected] == ["not-preferred", "not-preferred"]


@pytest.mark.parametrize("part", ["CHEST", "Thorax", "LUNG", "CHESTABDPELV", "ABDOMEN", "WHOLEBODY", "TRUNK", ""])
def test_what_may_hold_a_chest_is_left_to_the_pixel_check(part: str) -> None:
    assert refusals(BodyPartExamined=part) == []


def test_a_chest_is_taken_before_a_thinner_abdomen() -> None:
    selection = select(study_of(chest(1), chest(2, spacing=1.0, count=280, BodyPartExamined="ABDOMEN")))
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.1"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"BodyPartExamined": "NECK"}, "wrong-body-part"),
        ({"SeriesDescription": "Thorax 1.0 B70f EXP"}, "expiratory"),
        ({"ProtocolName": "HRCT expiration"}, "expiratory"),
        ({"PatientAge": "017Y"}, "not-adult"),
        ({"SliceThickness": "3.5"}, "slices-too-thick"),
    ],
)
def test_what_is_not_for_this_model(values: dict[str, Any], code: str) -> None:
    assert refusals(**values) == [code]


def test_a_word_that_only_begins_like_expiration_is_none() -> None:
    assert refusals(SeriesDescription="Thorax experimental") == []


def test_the_indication_names_both_diseases_at_once() -> None:
    assert "ICD10:M34.81" in INDICATION.codes
    assert all("ssc" in word.lower() or "scler" in word.lower() for word in INDICATION.words)
    assert all("ild" in word.lower() or "lung" in word.lower() for word in INDICATION.words)
