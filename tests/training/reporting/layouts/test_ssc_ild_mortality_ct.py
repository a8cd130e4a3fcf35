import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.hazard_ratio import hazard_ratio
from training.reporting.layouts.ssc_ild_mortality_ct import tables

COHORT = make("ssc_ild_mortality_ct")
TABLES = {table.key: table for table in tables([bench(COHORT)])}


def test_the_paper_s_rows_and_columns() -> None:
    table = TABLES["auroc_binary:made up"]
    assert table.columns == (
        "death within", "died/n", "radiomics", "ResNet-18", "DenseNet-121", "Swin", "ensemble",
        "best network, published",
    )  # fmt: skip
    assert [str(row[0]) for row in table.rows] == ["1 y", "3 y", "5 y"]
    assert [str(row[-1]) for row in table.rows] == ["0.769", "0.801", "0.709"]
    assert table.rows[1][2].published == "0.682-0.723"
    assert {str(row[4]) for row in table.rows} == {"not in this bundle"}
    assert "DenseNet-121, Swin" in table.notes[-1]


def test_who_was_censored_is_left_out_or_weighted() -> None:
    t, e = COHORT.values["time"], COHORT.values["event"]
    known = (t > 5) | (e == 1)
    died = int(((t <= 5) & (e == 1)).sum())
    assert str(TABLES["auroc_binary:made up"].rows[2][1]) == f"{died}/{int(known.sum())}"
    assert TABLES["auroc_weighted:made up"].rows[2][6].further["n"] == len(COHORT)


def test_extent_above_a_fifth() -> None:
    found = hazard_ratio(COHORT.values["time"], COHORT.values["event"], COHORT.values["extent"] > 20)
    cell = TABLES["extent"].rows[0][3]
    assert cell.value == pytest.approx(found.value)
    assert cell.published == "2.48 (1.57-3.92)"
