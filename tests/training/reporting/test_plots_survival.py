from pathlib import Path

from tests.training.reporting.cohorts import bench, make
from tests.training.reporting.test_plots_binary import BLUE, ORANGE, colours
from training.reporting import plots_survival

BENCH = bench(make("ssc_ild_mortality_ct"))
GREEN = (0, 158, 115)


def test_thirds_of_risk(tmp_path: Path) -> None:
    plots_survival.tertiles(tmp_path / "a.png", BENCH, "risk_5", "risk")
    assert {GREEN, ORANGE} <= colours(tmp_path / "a.png")


def test_roc_at_a_horizon(tmp_path: Path) -> None:
    plots_survival.roc_at(tmp_path / "a.png", BENCH, {"risk_3": "risk", "radiomics_3": "radiomics"}, 3.0)
    assert {BLUE, ORANGE} <= colours(tmp_path / "a.png")


def test_calibration_of_horizons_that_were_reached(tmp_path: Path) -> None:
    assert plots_survival.calibration(tmp_path / "a.png", BENCH, {1.0: "risk_1", 3.0: "risk_3", 80.0: "risk_5"})
    assert {BLUE, ORANGE} <= colours(tmp_path / "a.png")
    assert not plots_survival.calibration(tmp_path / "b.png", BENCH, {80.0: "risk_5", 3.0: "lacking"})
    assert not (tmp_path / "b.png").exists()


def test_decisions(tmp_path: Path) -> None:
    plots_survival.decisions(tmp_path / "a.png", BENCH, "risk_5", "risk", 5.0)
    assert BLUE in colours(tmp_path / "a.png")
