"""Clinical context."""

import pytest

from db import context
from db.context import ContextItem
from db.engine import Sessions, transaction
from screening.codes import PNEUMONIA


def test_items_and_diagnoses_of_the_patient_come_back(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        given = [
            ContextItem(patient_id="P1", name="urea_mmol_per_l", value=8.1),
            ContextItem(patient_id="P1", name="confusion", value=0),
            ContextItem(patient_id="P1", diagnosis=PNEUMONIA),
            ContextItem(patient_id="P1", issuer_of_patient_id="B", name="urea_mmol_per_l", value=1.0),
            ContextItem(patient_id="P2", name="urea_mmol_per_l", value=2.0),
        ]
        assert context.import_items(s, given).count == 5
        found = context.for_patient(s, "P1", "")
        assert dict(found.items) == {"urea_mmol_per_l": 8.1, "confusion": 0.0}
        assert found.diagnoses == (PNEUMONIA,)
        assert dict(context.for_patient(s, "P1", "B").items) == {"urea_mmol_per_l": 1.0}
        assert context.for_patient(s, "P3", "").diagnoses == ()
        assert not context.for_patient(s, "", "").items


def test_a_newer_value_replaces_the_older(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for value in (8.1, 9.2):
            context.import_items(s, [ContextItem(patient_id="P1", name="urea_mmol_per_l", value=value)])
        assert dict(context.for_patient(s, "P1", "").items) == {"urea_mmol_per_l": 9.2}


@pytest.mark.parametrize(
    "values",
    [
        {"patient_id": "", "name": "bmi", "value": 20.0},
        {"patient_id": "P1"},
        {"patient_id": "P1", "name": "bmi"},
        {"patient_id": "P1", "name": "bmi", "value": float("nan")},
        {"patient_id": "P1", "name": "bmi", "value": 20.0, "diagnosis": PNEUMONIA},
    ],
)
def test_an_item_is_born_valid(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        ContextItem(**values)  # type: ignore[arg-type]


def test_an_item_does_not_print_its_patient() -> None:
    assert "P1" not in repr(ContextItem(patient_id="P1", issuer_of_patient_id="P1", name="bmi", value=1.0))
