"""`opportune reproduce` with a recipe that finds what it is told to."""

import json
import shutil
from pathlib import Path

import pytest

from models import registry
from tests.worker.cli.command import opportune
from training.recipes import cap_mortality_cxr as recipe
from training.shipped import Shipped

NAME = "cap_mortality_cxr"
FOUND = {"test_auc": 0.81, "test_slope": float("nan")}


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def parts(shipped: Shipped) -> object:
        shipped.request.progress("phantoms:test", 1, 1)
        return {"test": lambda: FOUND | {"test_brier": 0.1}, "external": lambda: {"external_auc": 0.7}}

    monkeypatch.setattr(recipe, "parts", parts)
    copied = shutil.copytree(registry.FOLDER / NAME / "bundle", tmp_path / "bundle")
    (copied / "docs" / "results.json").write_text(json.dumps(FOUND | {"external_auc": 0.7, "training_patients": 9}))
    return copied


def test_what_is_found_again_ends_well(bundle: Path) -> None:
    ended = opportune("reproduce", NAME, "--bundle", bundle)
    assert ended.status == 0
    words = " ".join(ended.out.split())
    assert f"{NAME}, simulator chest-1.0, tier small, seed 0" in words
    assert "3 of 3 figures reproduced (tolerance 0.002 up to 1, 2% above), 1 not made anew" in words
    assert "training_patients" in words
    assert "test_brier" in words
    told = opportune("reproduce", NAME, "--bundle", bundle, "--json").json
    assert told["figures"]["test_auc"] == {"card": 0.81, "found": 0.81, "difference": 0.0, "within": True}
    assert told["figures"]["test_slope"]["found"] is None
    assert told["tolerance"] == {"absolute": 0.002, "relative": 0.02}
    assert list(told["not_reproduced"]) == ["training_patients"]
    assert told["differing"] == []


def test_a_wrong_figure_is_told(bundle: Path) -> None:
    path = bundle / "docs" / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"test_auc": 0.86}))
    ended = opportune("reproduce", NAME, "--bundle", bundle)
    assert ended.status == 1
    assert "1 of 3 figures are not the card's: test_auc" in ended.words
    assert "DIFFERS" in ended.out
    assert "farthest from the card: test_auc, by -0.05" in ended.out
    told = opportune("reproduce", NAME, "--bundle", bundle, "--json")
    assert told.status == 1
    assert told.json["differing"] == ["test_auc"]
    alone = opportune("reproduce", NAME, "--bundle", bundle, "--only", "external")
    assert alone.status == 0
    assert opportune("reproduce", NAME, "--bundle", bundle, "--write").status == 0
    assert json.loads(path.read_text())["test_auc"] == 0.81
    assert "| test auc | 0.81 |" in (bundle / "docs" / "README.md").read_text()
    assert opportune("reproduce", NAME, "--bundle", bundle).status == 0


def test_a_part_that_the_table_has_not(bundle: Path) -> None:
    ended = opportune("reproduce", NAME, "--bundle", bundle, "--only", "whole")
    assert ended.status == 2
    assert "--only must be of test, external" in ended.words
