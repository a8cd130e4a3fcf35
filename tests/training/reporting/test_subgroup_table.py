import numpy as np
import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.discrimination import auc
from training.evaluation.scored import ScoredCohort
from training.reporting.layouts.lookup import layout_of, names
from training.reporting.subgroup_table import subgroup_table


@pytest.mark.parametrize("name", names())
def test_every_model_has_its_main_figure_by_group(name: str) -> None:
    table = subgroup_table([bench(make(name))], layout_of(name).main, ("sex", "vendor", "scanner"))
    assert [(str(row[1]), str(row[2])) for row in table.rows] == [
        ("sex", "F"), ("sex", "M"), ("vendor", "Acme"), ("vendor", "Rare"), ("scanner", "not in this cohort"),
    ]  # fmt: skip
    men = table.rows[1]
    assert men[5].value is not None
    assert men[5].low is not None
    assert {str(cell) for cell in table.rows[3][4:]} == {"too few"}


def test_a_subgroup_is_judged_on_its_rows() -> None:
    cohort = make("cap_mortality_cxr")
    women = cohort.groups["sex"] == "F"
    table = subgroup_table([bench(cohort)], layout_of(cohort.model_name).main, ("sex",))
    row = table.plain()["rows"][0]
    assert row["AUC"]["value"] == pytest.approx(auc(cohort.values["risk"][women], cohort.values["died"][women]))
    over = cohort.values["died"][women].mean() / cohort.values["risk"][women].mean()
    assert row["observed / predicted"]["value"] == pytest.approx(over)


def test_bands_stand_in_order_and_missing_last() -> None:
    cohort = make("cap_mortality_cxr")
    bands = np.resize(np.array([">= 80", "50 to < 65", "", "< 50", "65 to < 80"]), len(cohort))
    banded = ScoredCohort(model_name=cohort.model_name, name="x", patient_id=cohort.patient_id, values=cohort.values,
                          groups={"age_band": bands})  # fmt: skip
    table = subgroup_table([bench(banded)], layout_of(cohort.model_name).main, ("age_band",))
    assert [str(row[2]) for row in table.rows] == ["< 50", "50 to < 65", "65 to < 80", ">= 80", "missing"]
