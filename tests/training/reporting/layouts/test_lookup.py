import pytest

from screening.errors import UnknownModel
from tests.training.reporting.cohorts import bench, make, without
from training.reporting.layouts.lookup import layout_of, names

ARMS = {
    "cap_mortality_cxr": ("curb65", "combined", "oracle"),
    "ssc_ild_mortality_ct": (
        "extent",
        "oracle",
        *(f"{arm}_{k}" for arm in ("radiomics", "resnet18") for k in range(6)),
    ),
    "pediatric_age_cxr": ("lower", "upper", "oracle"),
    "spine_fracture_xr": ("frax", "image", "oracle", "cox_m1", "cox_m2", "cox_m3", "deepsurv_m1", "risk_5"),
    "bone_muscle_ct": ("frax", "oracle", "fracture", "fracture_score", *(f"bone_{k}" for k in range(6))),
}


def test_all_five_models_have_a_layout() -> None:
    assert names() == sorted(ARMS)


def test_another_model_has_none() -> None:
    with pytest.raises(UnknownModel, match="there is no layout for 'hip'"):
        layout_of("hip")


@pytest.mark.parametrize("name", sorted(ARMS))
def test_arms_that_are_missing_are_said_and_never_invented(name: str) -> None:
    cohort = without(make(name), *ARMS[name])
    tables = layout_of(name).tables([bench(cohort)])
    said = "\n".join(table.markdown() for table in tables)
    assert "not in this bundle" in said or "not in this cohort" in said
    assert "nan" not in said.lower()
    assert "oracle" not in {table.key for table in tables}


@pytest.mark.parametrize("name", sorted(ARMS))
def test_a_handful_of_patients_goes_through(name: str) -> None:
    tables = layout_of(name).tables([bench(make(name, 8), draws=20)])
    assert "nan" not in "\n".join(table.markdown() for table in tables).lower()


@pytest.mark.parametrize("name", sorted(ARMS))
def test_keys_of_tables_are_unique_over_cohorts(name: str) -> None:
    benches = [bench(make(name, name="internal")), bench(make(name, name="external", seed=1))]
    keys = [table.key for table in layout_of(name).tables(benches)]
    assert len(set(keys)) == len(keys)
