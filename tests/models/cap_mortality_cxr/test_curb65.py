from dataclasses import fields, replace

import pytest

from models.cap_mortality_cxr.curb65 import Curb65Items, curb65

WELL = Curb65Items(
    confusion=False, urea_mmol_per_l=7.0, respiratory_rate=29, systolic_mmhg=90, diastolic_mmhg=61, age_years=64
)


def test_just_inside_the_normal_is_zero() -> None:
    assert curb65(WELL) == 0


@pytest.mark.parametrize("change", [
    {"confusion": True}, {"urea_mmol_per_l": 7.1}, {"respiratory_rate": 30}, {"systolic_mmhg": 89},
    {"diastolic_mmhg": 60}, {"systolic_mmhg": 80, "diastolic_mmhg": 40}, {"age_years": 65},
])  # fmt: skip
def test_each_item_is_one_point(change: dict[str, float]) -> None:
    assert curb65(replace(WELL, **change)) == 1  # type: ignore[arg-type]


def test_all_is_five() -> None:
    worst = Curb65Items(
        confusion=True, urea_mmol_per_l=20, respiratory_rate=35, systolic_mmhg=80, diastolic_mmhg=50, age_years=80
    )
    assert curb65(worst) == 5


@pytest.mark.parametrize("name", [field.name for field in fields(Curb65Items)])
def test_a_missing_item_is_not_guessed(name: str) -> None:
    assert curb65(replace(WELL, **{name: None})) is None
