import numpy as np
import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.calibration import brier, calibration_line
from training.evaluation.operating import share, youden
from training.evaluation.resampling import Estimate
from training.reporting.binary import calibration_table, efficiency, operating_table, oracle_table

COHORT = make("cap_mortality_cxr")
RISK, DIED = COHORT.values["risk"], COHORT.values["died"]


def test_calibration() -> None:
    (row,) = calibration_table([bench(COHORT)], {"risk": "DL", "lacking": "none"}, "died").plain()["rows"]
    line = calibration_line(RISK, DIED)
    assert row["slope"]["value"] == pytest.approx(line.slope, abs=1e-6)
    assert row["intercept"]["value"] == pytest.approx(line.intercept, abs=1e-6)
    assert row["in the large"]["value"] == pytest.approx(line.in_the_large, abs=1e-6)
    assert row["Brier"]["value"] == pytest.approx(brier(RISK, DIED))
    assert row["mean predicted"]["value"] == pytest.approx(RISK.mean())
    assert 0 < row["ICI"]["value"] < 0.2
    assert row["slope"]["low"] < line.slope < row["slope"]["high"]


def test_operating_points_carry_counts_and_both_intervals() -> None:
    (row,) = operating_table([bench(COHORT)], {"risk": "DL"}, "died").plain()["rows"]
    called = youden(RISK, DIED) <= RISK
    assert row["TP"]["value"] == (called & (DIED == 1)).sum()
    assert row["TN"]["value"] == (~called & (DIED == 0)).sum()
    wilson = share(int(row["TP"]["value"]), int(DIED.sum())).interval
    assert wilson is not None
    assert row["sensitivity"]["wilson_low"] == pytest.approx(wilson.low)
    assert row["PPV"]["value"] == pytest.approx(DIED[called].mean())
    assert row["NPV"]["value"] == pytest.approx((1 - DIED[~called]).mean())


def test_efficiency_is_of_what_can_be_known() -> None:
    model, oracle = Estimate(value=0.7, drawn=np.array([0.7, 0.5])), Estimate(value=0.9, drawn=np.array([0.8, 0.5]))
    found = efficiency(model, oracle)
    assert found.value == pytest.approx(0.5)
    assert found.drawn[0] == pytest.approx(2 / 3)
    assert np.isnan(found.drawn[1])


def test_without_an_oracle_there_is_no_table() -> None:
    at = bench(COHORT)
    assert oracle_table([("a", at.auc("risk", "died"), None)], "AUC") is None
    table = oracle_table([("a", at.auc("risk", "died"), at.auc("oracle", "died"))], "AUC")
    assert table is not None
    assert str(table.rows[0][0]) == "a"
