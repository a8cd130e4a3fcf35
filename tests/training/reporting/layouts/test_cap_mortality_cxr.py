import numpy as np
import pytest

from tests.training.reporting.cohorts import bench, make, without
from training.evaluation.discrimination import delong_paired
from training.evaluation.operating import match_sensitivity
from training.reporting.layouts.cap_mortality_cxr import tables

COHORT = make("cap_mortality_cxr")
BOTH = COHORT.known("curb65")
RISK, CURB, DIED = (COHORT.values[name][BOTH] for name in ("risk", "curb65", "died"))


def test_the_paper_s_rows_and_columns() -> None:
    first = tables([bench(COHORT)])[0]
    assert first.columns == (
        "cohort", "n", "died", "AUC DL", "AUC CURB-65", "P, DL vs CURB-65", "AUC DL+CURB-65",
        "P, DL+CURB-65 vs CURB-65",
    )  # fmt: skip
    assert [str(row[0]) for row in first.rows] == [
        "made up", "published: temporal", "published: external A", "published: external B",
    ]  # fmt: skip
    assert [str(cell) for cell in first.rows[2][3:]] == ["0.80", "0.73", ">.05", "0.80", ".16"]
    p = first.rows[0][5].value
    assert p == pytest.approx(delong_paired(RISK, CURB, DIED).p)


def test_specificity_at_the_sensitivity_of_curb_65() -> None:
    row = tables([bench(COHORT)])[1].plain()["rows"][0]
    threshold = match_sensitivity(RISK, DIED, CURB >= 2)
    assert row["threshold DL"]["value"] == pytest.approx(threshold)
    deep = 1 - (threshold <= RISK)[DIED == 0].mean()
    score = 1 - (CURB >= 2)[DIED == 0].mean()
    assert row["specificity DL"]["value"] == pytest.approx(deep)
    assert row["specificity CURB-65"]["value"] == pytest.approx(score)
    assert row["difference"]["value"] == pytest.approx(deep - score)
    assert row["sensitivity DL"]["value"] >= row["sensitivity CURB-65 >= 2"]["value"]


def test_a_bundle_without_coefficients_says_what_to_do() -> None:
    first = tables([bench(without(COHORT, "combined"))])[0]
    assert [str(cell) for cell in first.rows[0][6:]] == ["not in this bundle"] * 2
    assert "fit them" in " ".join(first.notes)


def test_a_cohort_without_curb_65_says_so() -> None:
    made = tables([bench(without(COHORT, "combined", "curb65"))])
    assert str(made[0].rows[0][4]) == "not in this cohort"
    assert [str(row[0]) for row in made[1].rows] == ["published: range of the three"]
    assert "six items" in made[1].notes[-1]


def test_survivors_only_do_not_stop_the_report() -> None:
    alive = COHORT.take(np.flatnonzero(COHORT.values["died"] == 0))
    assert "does not exist" in tables([bench(alive)])[0].markdown()
