import json
from pathlib import Path

import numpy as np
import pytest

from training.experiments.monotone_horizons import compare, draw_patients, run


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("monotone")
    run(folder, seed=0, scale="tiny")
    return folder


def test_the_monotone_network_never_falls(out: Path) -> None:
    told = json.loads((out / "results.json").read_text())
    assert told["monotone_share_5_below_3"] == told["monotone_share_3_below_1"] == 0
    assert told["separate_share_5_below_3"] > 0
    assert told["scale"] == "tiny"


def test_both_learn_and_the_oracle_is_not_beaten_by_much(out: Path) -> None:
    told = json.loads((out / "results.json").read_text())
    assert told["monotone_auc_5"] > 0.6
    assert told["separate_auc_5"] > 0.6
    assert max(told["monotone_auc_5"], told["separate_auc_5"]) < told["oracle_auc_5"] + 0.03
    gap = told["monotone_auc_5"] - told["separate_auc_5"]
    assert told["difference_auc_5"] == pytest.approx(gap)
    assert told["difference_auc_5_low"] <= gap <= told["difference_auc_5_high"]


def test_the_same_risks_do_not_differ_and_falls_are_counted() -> None:
    test = draw_patients(300, 0, 0)
    risk = np.stack([0.2 + 0.1 * np.tanh(test.lp), 0.4 + 0.1 * np.tanh(test.lp), 0.5 + 0.1 * np.tanh(test.lp)], 1)
    fallen = risk.copy()
    fallen[:30, 2] = 0.1
    told = compare(test, [risk], [fallen], draws=20, seed=0)
    assert told["separate_share_5_below_3"] == pytest.approx(0.1)
    assert told["difference_auc_1"] == told["difference_auc_3"] == 0
    assert told["monotone_auc_1"] == told["oracle_auc_1"]


def test_parts_do_not_overlap_and_repeat() -> None:
    first, again, other = draw_patients(20, 0, 1), draw_patients(20, 0, 1), draw_patients(20, 0, 2)
    assert np.array_equal(first.time, again.time)
    assert np.array_equal(first.features.numpy(), again.features.numpy())
    assert not np.isin(first.lp, other.lp).any()
