import numpy as np
import pytest

from models.spine_fracture_xr.clinical import ARMS, CENTRES, ITEMS, UNITS, CoxModel, arm_mask

MODEL = CoxModel(items=("age", "bmi"), means=(60.0, 24.0), coefficients=(0.1, -0.05))


def row(**known: float) -> list[float]:
    return [known.get(item, np.nan) for item in ITEMS]


def test_the_arms_nest_as_in_the_paper() -> None:
    assert set(ARMS["m1"]) < set(ARMS["m2"]) < set(ARMS["m3"]) < set(ITEMS)
    assert arm_mask("m2").tolist() == [True, True, True, False, False, False, False]
    assert arm_mask(None).all()
    assert len(CENTRES) == len(UNITS) == len(ITEMS) == 7
    assert min(UNITS) > 0
    with pytest.raises(KeyError):
        arm_mask("m4")


def test_log_hazard_by_hand_and_what_is_not_known_counts_as_the_mean() -> None:
    found = MODEL.log_hazard(np.array([row(age=70, bmi=20), row(age=70), row()]))
    assert found.tolist() == pytest.approx([0.1 * 10 - 0.05 * -4, 1.0, 0.0])


def test_a_model_survives_its_table() -> None:
    assert CoxModel.from_table(MODEL.to_table()) == MODEL


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"items": ["age"], "means": [1.0]},
        {"items": ["age"], "means": ["1"], "coefficients": [1.0]},
        {"items": ["shoe"], "means": [1.0], "coefficients": [1.0]},
        {"items": ["age"], "means": [1.0, 2.0], "coefficients": [1.0]},
        {"items": ["age"], "means": [1.0], "coefficients": [float("nan")]},
    ],
)
def test_other_tables_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Cox|items|finite"):
        CoxModel.from_table(table)
