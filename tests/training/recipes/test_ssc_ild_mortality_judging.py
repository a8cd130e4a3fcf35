import numpy as np
import pytest

from training.evaluation.concordance import harrell_c
from training.evaluation.scored import ScoredCohort
from training.outcomes.survival import Censoring, Weibull, draw_survival
from training.recipes.ssc_ild_mortality_judging import judge


def scored(count: int = 400, *, oracle: bool = True, longest: float = 9.0) -> ScoredCohort:
    """Risks of the oracle itself, of a noisy part, and of an extent that says nothing."""
    rng = np.random.default_rng(0)
    lp = rng.normal(0, 1.2, count)
    drawn = draw_survival(
        lp, rng, baseline=Weibull(scale=0.08), frailty_sd=0.5, censoring=Censoring(longest=longest)
    )  # fmt: skip
    noisy = lp + rng.normal(0, 1, count)
    values = {"time": drawn.time, "event": drawn.event.astype(float), "extent": rng.random(count)}
    values |= {f"risk_{year}": drawn.risk_at(year) for year in range(1, 6)}
    values |= {f"radiomics_{year}": 1 / (1 + np.exp(2 - noisy - year / 9)) for year in range(1, 6)}
    values["oracle"] = lp if oracle else np.full(count, np.nan)
    return ScoredCohort(
        model_name="ssc_ild_mortality_ct", name="test", patient_id=np.array([f"P{k // 2}" for k in range(count)]),
        values=values, groups={},
    )  # fmt: skip


def test_the_oracle_has_its_own_figures() -> None:
    cohort = scored()
    told = judge(cohort, draws=100)
    c = harrell_c(cohort.values["time"], cohort.values["event"], cohort.values["oracle"]).c
    assert told["c"] == told["oracle_c"] == pytest.approx(c)
    assert told["efficiency"] == 1
    assert told["radiomics_efficiency"] < 0.95
    assert told["extent_c_low"] < 0.5 < told["extent_c_high"]
    assert told["c_over_radiomics_low"] > 0
    assert told["c_over_extent"] == pytest.approx(told["c"] - told["extent_c"])


def test_counts_and_calibration() -> None:
    cohort = scored()
    told = judge(cohort, draws=50)
    assert (told["scans"], told["patients"]) == (400, 200)
    assert told["dead_by_1"] < told["dead_by_3"] < told["dead_by_5"] <= told["deaths"]
    assert told["patients_died"] <= 200
    for year in (1, 3, 5):
        assert told[f"auc_{year}_low"] < told[f"auc_{year}"] < told[f"auc_{year}_high"]
        assert told[f"observed_{year}_low"] < told[f"expected_{year}"] < told[f"observed_{year}_high"]
        assert told[f"calibration_slope_{year}"] == pytest.approx(1, abs=0.4)
    assert np.isfinite(list(told.values())).all()


def test_without_an_oracle_there_is_no_efficiency() -> None:
    told = judge(scored(oracle=False), draws=20)
    assert not [name for name in told if "oracle" in name or "efficiency" in name]
    assert "radiomics_auc_5" in told


def test_too_little_to_judge_leaves_the_counts() -> None:
    told = judge(scored(20, longest=2.0), draws=20)
    assert told["scans"] == 20
    assert "c" not in told


def test_draws_in_which_the_oracle_knows_nothing_are_left_out() -> None:
    """Six patients: in many draws the oracle's C is exactly 0.5."""
    told = judge(scored(12), draws=200)
    assert np.isfinite(list(told.values())).all()
