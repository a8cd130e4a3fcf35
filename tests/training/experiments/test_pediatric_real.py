"""The experiment on real radiographs, and what came out of it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.experiments.pediatric_real import ARMS, BUNDLE, read_children, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six children with two radiographs each, and an adult."""
    (tmp_path / "images").mkdir()
    with (tmp_path / "cxr_age.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("file", "patient_id", "age_years", "age_months", "sex"))
        for number in range(13):
            name, years = f"images/{number}.png", 7 + number // 2 if number < 12 else 40
            noise = np.random.default_rng(number).integers(0, 255, (64, 48)).astype(np.uint8)
            Image.fromarray(noise).save(tmp_path / name)
            table.writerow((name, f"p{number // 2}", float(years), years * 12 + 6.0, "MF"[number % 2]))
    return tmp_path


def test_adults_are_left_out_and_sizes_are_not_known(folder: Path) -> None:
    cohort = read_children(folder, 64)
    assert len(cohort) == 12
    assert not cohort.known.any()
    assert cohort.months.min() == 90
    assert cohort.sexes[:2] == ["M", "F"]


def test_every_arm_is_judged(folder: Path, tmp_path: Path) -> None:
    results = run(folder, tmp_path / "out", scale="tiny")
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    assert (results["radiographs"], results["patients"]) == (12, 6)
    for arm in ARMS:
        assert results[f"{arm}_mae_low"] <= results[f"{arm}_mae"] <= results[f"{arm}_mae_high"]
    assert results["tuned_minus_median"] == pytest.approx(results["tuned_mae"] - results["median_mae"])


@pytest.mark.real_data
@pytest.mark.slow
def test_the_shipped_weights_on_real_children(real_data: Path, tmp_path: Path) -> None:
    """As they are worse than guessing the median, yet they order children: a straight line makes them better."""
    results = run(real_data / "cxr_age", tmp_path, scale="tiny", bundle=BUNDLE)
    assert (results["radiographs"], results["patients"]) == (47, 35)
    assert results["simulation_minus_median_low"] > 0
    assert results["simulation_spearman"] > 0.4
    assert results["line_minus_median_high"] < 0
