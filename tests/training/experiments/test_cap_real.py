"""Distances and risks of pictures of two folders."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.experiments.cap_real import GROUPS, run


def table(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    (folder / "images").mkdir(parents=True)
    with (folder / name).open("w", newline="") as file:
        written = csv.DictWriter(file, ["file", *rows[0]])
        written.writeheader()
        for number, row in enumerate(rows):
            noise = np.random.default_rng(number).integers(0, 255, (64, 48)).astype(np.uint8)
            Image.fromarray(noise).save(folder / "images" / f"{number}.png")
            written.writerow({"file": f"images/{number}.png", **row})
    return folder


def test_groups_are_told_apart(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"age_years": age, "finding": finding}
        for age, finding in ((40.0, "No Finding"), (70.0, "Edema|Pneumonia"), (9.0, "Pneumonia"), (50.0, "Mass"),
                             (60.0, "No Finding"))
    ]  # fmt: skip
    nih = table(tmp_path / "nih", "cxr_age.csv", rows)
    hannover = table(tmp_path / "hannover", "cxr_survival.csv", [{"finding": "COVID-19"}] * 4)
    results = run(nih, hannover, tmp_path / "out", most=3)
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    assert [results[f"{name}_pictures"] for name in GROUPS] == [2, 1, 3]
    for name in GROUPS:
        assert 0 < results[f"{name}_risk_low"] <= results[f"{name}_risk_median"] <= results[f"{name}_risk_high"] < 100
        assert results[f"{name}_median_distance"] > 1, "noise is no chest"


@pytest.mark.real_data
def test_real_chests_are_farther_than_simulated_ones(real_data: Path, tmp_path: Path) -> None:
    results = run(real_data / "cxr_age", real_data / "cxr_survival", tmp_path, most=20)
    for name in GROUPS:
        assert results[f"{name}_pictures"] == 20
        assert results[f"{name}_share_beyond"] > 0.5
