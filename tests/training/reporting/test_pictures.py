from pathlib import Path

import pytest

from tests.training.reporting.cohorts import bench, make, without
from training.reporting.pictures import draw

WANTED = {
    "cap_mortality_cxr": ["roc", "calibration", "decision_curve"],
    "ssc_ild_mortality_ct": ["kaplan_meier", "calibration", "decision_curve", "roc_1_years", "roc_3_years",
                             "roc_5_years"],
    "pediatric_age_cxr": ["scatter", "bland_altman"],
    "spine_fracture_xr": ["kaplan_meier", "calibration", "decision_curve", "roc_3_years"],
    "bone_muscle_ct": ["kaplan_meier", "calibration", "decision_curve", "roc_2_years", "roc_3_years", "roc_5_years",
                       "roc_detection"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WANTED))
def test_plots_of_each_model(name: str, tmp_path: Path) -> None:
    made, left = draw(name, bench(make(name, name="our site.csv"), draws=20), tmp_path)
    assert made == [f"our_site_csv_{plot}.png" for plot in WANTED[name]]
    assert {path.name for path in tmp_path.iterdir()} == set(made)
    assert all("without a time" in why for why in left)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_what_cannot_be_drawn_is_said(name: str, tmp_path: Path) -> None:
    cohort = make(name)
    hollow = without(cohort, "risk", "risk_5", "months", "deepsurv_image_m3", "fracture_score")
    _, left = draw(name, bench(hollow, draws=20), tmp_path)
    assert any("not drawn" in why for why in left)
