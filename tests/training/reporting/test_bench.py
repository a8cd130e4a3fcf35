import numpy as np
import pytest

from tests.training.reporting.cohorts import bench, make, without
from training.evaluation.brier_score import brier_at
from training.evaluation.concordance import harrell_c, uno_c
from training.evaluation.discrimination import auc, delong
from training.evaluation.time_auc import auc_at
from training.reporting.bench import Measured, cell_of

CAP, ILD = make("cap_mortality_cxr"), make("ssc_ild_mortality_ct")


def value(measured: Measured | None) -> float:
    assert measured is not None
    assert measured.estimate.interval() is not None
    return measured.estimate.value


def test_auc_is_of_the_rows_that_have_both() -> None:
    found = bench(CAP).auc("curb65", "died")
    rows = CAP.known("curb65", "died")
    assert value(found) == pytest.approx(auc(CAP.values["curb65"][rows], CAP.values["died"][rows]))
    assert found is not None
    assert found.n == 237
    interval = delong(CAP.values["curb65"][rows], CAP.values["died"][rows])
    assert found.cell().plain["delong_low"] == pytest.approx(interval.low)


def test_survival_statistics_are_those_of_the_family() -> None:
    t, e = ILD.values["time"], ILD.values["event"]
    score, at = ILD.values["risk_5"], bench(ILD)
    assert value(at.concordance("risk_5")) == pytest.approx(harrell_c(t, e, score).c)
    assert value(at.uno("risk_5", 5.0)) == pytest.approx(uno_c(t, e, score, 5.0))
    assert value(at.auc_at("risk_5", 3.0)) == pytest.approx(auc_at(t, e, score, 3.0))
    assert value(at.at("brier", "risk_5", 5.0)) == pytest.approx(brier_at(t, e, score, 5.0))
    known = (t > 3) | (e == 1)
    wanted = auc(score[known], (t[known] <= 3) & (e[known] == 1))
    assert value(at.binary_auc_at("risk_5", 3.0)) == pytest.approx(wanted)


def test_a_column_that_is_not_there_is_not_measured() -> None:
    at = bench(without(ILD, "radiomics_5"))
    assert at.auc_at("radiomics_5", 5.0) is None
    assert at.concordance("radiomics_5") is None
    assert at.uno("radiomics_5", 5.0) is None
    assert at.binary_auc_at("radiomics_5", 5.0) is None
    assert at.at("slope", "radiomics_5", 5.0) is None
    assert at.auc("radiomics_5", "event") is None
    assert str(cell_of(None, ".7")) == "not in this bundle"


def test_a_part_counts_its_rows_only() -> None:
    men = CAP.groups["sex"] == "M"
    part = bench(CAP).part(men)
    found = part.auc("risk", "died")
    assert value(found) == pytest.approx(auc(CAP.values["risk"][men], CAP.values["died"][men]))
    assert found is not None
    assert found.n == int(men.sum())
    assert not part.part(np.asarray(~men)).has("risk")


def test_few_events_are_known() -> None:
    first = np.arange(len(CAP)) < 40
    found = bench(CAP).part(first).auc("risk", "died")
    assert found is not None
    assert found.few
    whole = bench(CAP).auc("risk", "died")
    assert whole is not None
    assert not whole.few


def test_a_horizon_beyond_all_follow_up_does_not_exist() -> None:
    assert str(cell_of(bench(ILD).auc_at("risk_5", 50.0))) == "does not exist"
