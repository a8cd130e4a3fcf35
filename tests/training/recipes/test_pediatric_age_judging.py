import numpy as np
import pytest

from tests.training.fitting.age_cohorts import discs
from training.recipes.pediatric_age_judging import judge, mean_of

COHORT = discs(240)
TRUE = COHORT.months.astype(np.float64)


def test_a_known_error_is_found_everywhere() -> None:
    sign = np.where(np.arange(240) % 4 < 2, 1.0, -1.0)
    told = judge(COHORT, TRUE + 6 * sign, (TRUE - 1, TRUE + 1), median=100.0, draws=50)
    for name in ("mae", "mae_low", "mae_high", "boys_mae", "girls_mae", "age_10_14_mae", "rmse", "mae_above_oracle"):
        assert told[name] == pytest.approx(6, abs=1e-4), name
    assert told["bias"] == pytest.approx(0, abs=1e-4)
    assert told["oracle_mae"] == 0
    assert told["interval_coverage"] == 1
    assert told["interval_width"] == pytest.approx(2)
    assert told["median_guess_mae"] == pytest.approx(np.abs(TRUE - 100).mean(), rel=1e-4)
    assert told["boys_children"] == told["girls_children"] == 120
    assert told["spearman"] > 0.98
    assert told["mape_from_1_year"] == pytest.approx(100 * np.mean(6 / TRUE[TRUE >= 12]), rel=1e-3)


def test_half_of_the_intervals_miss() -> None:
    shift = np.where(np.arange(240) % 2, 3.0, 0.0)
    told = judge(COHORT, TRUE, (TRUE - 1 + shift, TRUE + 1 + shift), median=100.0, draws=50)
    assert told["interval_coverage"] == pytest.approx(0.5)
    assert told["interval_coverage_low"] < 0.5 < told["interval_coverage_high"]


def test_a_small_group_is_counted_and_not_judged() -> None:
    few = COHORT.take(np.flatnonzero(TRUE >= 12))
    true = few.months.astype(np.float64)
    told = judge(few, true, (true, true), median=100.0, draws=50)
    assert told["age_0_1_children"] == 0
    assert "age_0_1_mae" not in told


def test_without_an_oracle_there_is_none() -> None:
    site = discs(60, simulated=False)
    true = site.months.astype(np.float64)
    assert not any("oracle" in name for name in judge(site, true, (true, true), median=100.0, draws=50))


def test_rows_of_one_patient_come_and_go_together() -> None:
    values = np.repeat(np.arange(20.0), 10)
    alone = mean_of(values, np.arange(200).astype(str))
    together = mean_of(values, np.repeat(np.arange(20), 10).astype(str))
    assert alone.value == together.value
    assert together.high - together.low > 2 * (alone.high - alone.low)
