import numpy as np
import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.regression import bland_altman, errors
from training.reporting.layouts.pediatric_age_cxr import tables

COHORT = make("pediatric_age_cxr", 900, name="simulated external")
BY_SEX, BY_GROUP = tables([bench(COHORT)])


def test_errors_by_sex() -> None:
    men = COHORT.groups["sex"] == "M"
    row = BY_SEX.plain()["rows"][0]
    found, true = COHORT.values["months"][men], COHORT.values["true_months"][men]
    wanted, limits = errors(found, true), bland_altman(found, true)
    assert row["MAE"]["value"] == pytest.approx(wanted.mae)
    grown = true >= 12
    assert row["MAPE from 1 year, %"]["value"] == pytest.approx(errors(found[grown], true[grown]).mape)
    assert row["Spearman"]["value"] == pytest.approx(wanted.spearman)
    assert row["bias"]["value"] == pytest.approx(limits.bias.value)
    assert row["lower limit"]["value"] == pytest.approx(limits.lower_limit.value)
    assert row["upper limit"]["value"] == pytest.approx(limits.upper_limit.value)
    assert row["inside the interval"]["value"] == pytest.approx(np.mean(np.abs(found - true) <= 8))
    assert row["MAE"]["published"] == "7.40"


def test_published_figures_follow_the_cohort() -> None:
    inside = tables([bench(make("pediatric_age_cxr", name="ours.csv"))])[0]
    assert [row[3].published for row in inside.rows] == ["5.86", "5.80", ""]


def test_sex_by_age_group() -> None:
    assert [(str(row[0]), str(row[1])) for row in BY_GROUP.rows][:7] == [
        ("male", "0 to < 1 y"), ("male", "1 to < 3 y"), ("male", "3 to < 6 y"), ("male", "6 to < 10 y"),
        ("male", "10 to < 14 y"), ("male", "14 to 18 y"), ("female", "0 to < 1 y"),
    ]  # fmt: skip
    share = BY_GROUP.columns.index("MAPE from 1 year, %")
    assert {str(row[share]) for row in BY_GROUP.rows if str(row[1]) == "0 to < 1 y"} <= {"-", "too few"}
    assert any(row[share].value is not None for row in BY_GROUP.rows)
    assert sum(row[2].value or 0 for row in BY_GROUP.rows) == len(COHORT)
    assert any(str(cell) == "too few" for row in BY_GROUP.rows for cell in row)
    assert any(cell.low is not None for row in BY_GROUP.rows for cell in row)
