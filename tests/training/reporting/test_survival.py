import numpy as np
import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.calibration_at import calibration_at
from training.reporting.survival import calibration_table, compared, concordance_table

COHORT = make("ssc_ild_mortality_ct")


def test_calibration_by_horizon() -> None:
    table = calibration_table([bench(COHORT)], {3.0: "risk_3", 4.0: "lacking", 80.0: "risk_5"})
    three, late = table.plain()["rows"]
    found = calibration_at(COHORT.values["time"], COHORT.values["event"], COHORT.values["risk_3"], 3.0)
    assert three["slope"]["value"] == pytest.approx(found.line.slope, abs=1e-6)
    assert three["observed"]["value"] == pytest.approx(found.observed.value)
    assert three["mean predicted"]["value"] == pytest.approx(found.expected)
    assert three["ICI over tenths"]["value"] == pytest.approx(found.error)
    assert late["ICI over tenths"] == {"text": "does not exist"}
    assert late["slope"] == {"text": "does not exist"}


def test_concordance_of_what_is_there() -> None:
    table = concordance_table([bench(COHORT)], {"risk_5": "risk", "lacking": "none", "oracle": "oracle"}, 5.0)
    assert [str(row[1]) for row in table.rows] == ["risk", "oracle"]
    assert all(0.5 < (cell.value or 0) < 1 for row in table.rows for cell in row[2:])


def test_a_comparison_is_paired() -> None:
    at = bench(make("ssc_ild_mortality_ct", 1200), draws=400)
    gap, p = compared(at.concordance("risk_5"), at.concordance("radiomics_5"))
    a, b = at.concordance("risk_5"), at.concordance("radiomics_5")
    assert a is not None
    assert b is not None
    assert gap.value == pytest.approx(a.estimate.value - b.estimate.value)
    assert p.value is not None
    assert p.value < 0.05
    same, one = compared(a, a)
    assert (same.low, same.high, one.value) == (0.0, 0.0, 1.0)


def test_nothing_is_compared_with_what_is_not_there() -> None:
    assert [str(cell) for cell in compared(None, bench(COHORT).concordance("risk_5"))] == ["-", "-"]
    assert np.isfinite(COHORT.values["risk_5"]).all()
