"""A table made anew by a recipe that finds what it is told to; the recipes' own tests do it with real ones."""

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from models import registry
from screening.errors import ConfigurationError, UnknownModel, WeightsMismatch
from training.recipes import cap_mortality_cxr as recipe
from training.reproduce import COUNTED, LEFT_OUT, NO_LONGER, Figure, Task, reproduce
from training.shipped import Shipped

NAME = "cap_mortality_cxr"
TABLE = {"training_patients": 9.0, "test_auc": 0.8, "test_deaths": 100.0, "external_auc": 0.7, "gate_auc": 0.9}
FOUND: Mapping[str, float] = {"test_auc": 0.8015, "test_deaths": 101.0, "test_brier": 0.1}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the shipped one, with a table of its own."""
    copied = shutil.copytree(registry.bundle(NAME), tmp_path / "bundle")
    (copied / "docs" / "results.json").write_text(json.dumps(TABLE))
    return copied


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Shipped]:
    """What the recipe, which finds FOUND, was asked for."""
    seen: list[Shipped] = []

    def parts(shipped: Shipped) -> object:
        seen.append(shipped)
        return {"test": lambda: FOUND, "external": lambda: {"external_auc": 0.6}}

    monkeypatch.setattr(recipe, "parts", parts)
    return seen


def test_each_figure_is_found_or_its_absence_explained(bundle: Path, asked: list[Shipped], tmp_path: Path) -> None:
    made = reproduce(Task(model_name=NAME, bundle=bundle, cache=tmp_path / "kept", workers=3))
    assert {figure.name: figure.within for figure in made.figures} == {
        "test_auc": True, "test_deaths": True, "external_auc": False,
    }  # fmt: skip
    assert [figure.name for figure in made.differing] == ["external_auc"]
    assert made.differing[0].difference == pytest.approx(-0.1)
    assert made.farthest == made.differing[0]
    assert made.left == {"training_patients": COUNTED, "gate_auc": NO_LONGER}
    assert made.new == {"test_brier": 0.1}
    request = asked[0].request
    assert (request.tier, request.seed, request.workers, request.out) == ("small", 0, 3, tmp_path / "kept")


def test_one_part_alone(bundle: Path, asked: list[Shipped]) -> None:
    made = reproduce(Task(model_name=NAME, bundle=bundle, only=("test",)))
    assert [figure.name for figure in made.figures] == ["test_auc", "test_deaths"]
    assert made.left["external_auc"] == LEFT_OUT
    assert made.differing == ()
    with pytest.raises(ConfigurationError, match=r"--only must be of test, external, got keypoints"):
        reproduce(Task(model_name=NAME, bundle=bundle, only=("keypoints",)))
    assert len(asked) == 2


@pytest.mark.usefixtures("asked")
def test_a_figure_that_is_no_longer_found_differs(bundle: Path) -> None:
    (bundle / "docs" / "results.json").write_text(json.dumps(TABLE | {"test_auc_low": 0.7}))
    made = reproduce(Task(model_name=NAME, bundle=bundle, only=("test",)))
    assert [figure.name for figure in made.differing] == ["test_auc_low"]


@pytest.mark.parametrize(
    ("card", "found", "within"),
    [(0.8, 0.8019, True), (0.8, 0.8021, False), (-0.5, -0.5019, True), (0, 0.003, False), (1, 1.003, False),
     (10, 10.19, True), (10, 10.21, False), (-50, -49.1, True), (math.nan, math.nan, True), (math.nan, 0.5, False),
     (0.5, math.nan, False)],
)  # fmt: skip
def test_tolerance(card: float, found: float, within: bool) -> None:
    assert Figure(name="", card=card, found=found).within is within


def test_bundles_whose_patients_cannot_be_drawn(bundle: Path, asked: list[Shipped]) -> None:
    path = bundle / "configs" / "opportune.json"
    told = json.loads(path.read_text())
    task = Task(model_name=NAME, bundle=bundle)
    for words, said in (("simulator chest-0.9, tier small", "chest-0.9"), ("simulator chest-1.0, tier vast", "'vast'")):
        card = told["card"] | {"trained_on": f"8000 simulated patients ({words}, seed 0)"}
        path.write_text(json.dumps(told | {"card": card}))
        with pytest.raises(ConfigurationError, match=said):
            reproduce(task)
    with pytest.raises(WeightsMismatch, match=NAME):
        reproduce(replace(task, model_name="spine_fracture_xr"))
    with pytest.raises(UnknownModel, match="hip"):
        reproduce(replace(task, model_name="hip"))
    assert asked == []
