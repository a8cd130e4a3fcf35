"""What a bundle says of its evaluation."""

import json
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.evaluation import BEYOND, MEANS, Figure, evaluation


def _bundle(folder: Path, values: Any) -> Path:
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / "results.json").write_text(values if isinstance(values, str) else json.dumps(values))
    return folder


def test_figures_by_cohort_with_their_intervals(tmp_path: Path) -> None:
    values = {
        "train_rows": 8000.0, "test_auc": 0.81, "test_auc_low": 0.78, "test_auc_high": 0.84, "external_auc": 0.8,
        "segmentation_dice": 0.9, "segmentation_dice_low": 0.85, "segmentation_dice_high": 0.95,
    }  # fmt: skip
    found = evaluation(_bundle(tmp_path, values))
    assert found is not None
    assert found.judged == {
        "auc": {"test": Figure(value=0.81, low=0.78, high=0.84), "external": Figure(value=0.8)},
    }
    assert found.others == {
        "train_rows": Figure(value=8000.0), "segmentation_dice": Figure(value=0.9, low=0.85, high=0.95)
    }  # fmt: skip
    assert found.reference("auc") == {"test": 0.81, "external": 0.8}
    assert found.reference("brier") == {}


def test_a_name_that_ends_like_a_bound_is_one_only_of_another_figure(tmp_path: Path) -> None:
    found = evaluation(_bundle(tmp_path, {"test_agreement_low": -29.0, "test_agreement_high": 25.0}))
    assert found is not None
    assert set(found.judged) == {"agreement_low", "agreement_high"}


def test_the_mean_of_a_headline_unless_it_was_moved_since(tmp_path: Path) -> None:
    bundle = _bundle(tmp_path, {"test_mean_predicted": 0.129})
    found = evaluation(bundle)
    assert found is not None
    assert found.mean_of("MORT30D") == {"test": 0.129}
    assert found.mean_of("VFXPREV") == {}
    (bundle / "docs" / "recalibration.json").write_text("{}")
    moved = evaluation(bundle)
    assert moved is not None
    assert moved.mean_of("MORT30D") == {}


@pytest.mark.parametrize("text", ["", "[1]", "{}", "{", '{"test_auc": "high", "x": true}', '{"test_auc": NaN}'])
def test_what_is_no_table_of_numbers_is_none(tmp_path: Path, text: str) -> None:
    assert evaluation(_bundle(tmp_path, text)) is None
    assert evaluation(tmp_path / "nothing") is None


@pytest.mark.parametrize("name", registry.names())
def test_each_shipped_bundle_tells_how_far_its_cohorts_lie(name: str) -> None:
    found = evaluation(registry.bundle(name))
    assert found is not None
    assert set(found.reference(BEYOND)) == {"test", "external"}
    assert all(0 < share < 0.2 for share in found.reference(BEYOND).values())


def test_the_figures_that_are_means_of_headlines_are_there() -> None:
    known = [evaluation(registry.bundle(name)) for name in registry.names()]
    for code in MEANS:
        assert sum(set(found.mean_of(code)) == {"test", "external"} for found in known if found) == 1, code
