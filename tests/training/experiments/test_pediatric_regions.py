import json
from pathlib import Path

import numpy as np
import pytest

from models.pediatric_age_cxr.preprocess import prepare
from training.experiments.pediatric_regions import run, shares_of
from training.phantoms.child.regions import NAMES


def test_a_map_that_is_the_same_everywhere_has_the_shares_of_the_area() -> None:
    picture = prepare(np.random.default_rng(0).random((100, 80)).astype(np.float32), (2.0, 2.0), 112)
    left, spot = np.zeros((100, 80), np.float32), np.zeros((100, 80), np.float32)
    left[:, :40], spot[40:60, 60:72] = 1, 1
    even = shares_of(np.ones((112, 112), np.float32), picture, {"left": left, "spot": spot})
    np.testing.assert_allclose(even[:, 0], even[:, 1], atol=1e-6)
    assert even[:, 1].tolist() == pytest.approx([0.5, 0.03], abs=0.005)
    only = shares_of(picture.placement.apply(left), picture, {"left": left, "spot": spot})
    assert only[:, 0].tolist() == pytest.approx([1, 0], abs=0.03)


def test_every_part_is_reported(tmp_path: Path) -> None:
    results = run(tmp_path, scale="tiny")
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert results["children"] == 3
    for name in NAMES:
        assert 0 <= results[f"{name}_share_low"] <= results[f"{name}_share"] <= results[f"{name}_share_high"] <= 1
        assert 0 < results[f"{name}_area"] < 1
        assert results[f"{name}_ratio"] > 0
