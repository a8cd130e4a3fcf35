"""A sixth model is a sixth folder: found, validated and run by the software as it is, with no other file touched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from training.bundle import BundleContent, write_bundle
from training.simulate import SIMULATORS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TOY = Path(__file__).parent / "toy_model"
NAME = "toy_brightness"
PACKAGES = ("screening", "db", "models", "dicom_node", "training", "worker", "tests")


@pytest.fixture(scope="module")
def software(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The software as it is, and one folder more."""
    root = tmp_path_factory.mktemp("software")
    ignored = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    folder = root / "models" / NAME
    shutil.copytree(TOY, folder, ignore=ignored)
    write_bundle(folder / "bundle", content())
    return root


def content() -> BundleContent:
    """A bundle of one number."""
    card = {
        "name": NAME, "version": "0.0.1", "title": "Brightness", "evidence": "simulation", "intended_use": "a test",
        "population": "nobody", "limits": ["made up"], "reference": "none", "series_base": 9990, "input_size": [1, 1],
        "trained_on": "nothing",
    }  # fmt: skip
    return BundleContent(
        card=card, configuration={}, metadata={}, inference={}, tensors={"gain": torch.tensor(0.9)},
        keep_precision=("gain",), results={},
    )  # fmt: skip


def run(software: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of this very tree: it goes before the installed one."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=software, env=os.environ | {"PYTHONPATH": str(software)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_no_other_file_is_touched(software: Path) -> None:
    assert not (ROOT / "models" / NAME).exists()
    added = {path.relative_to(software) for path in (software / "models").iterdir()} - {
        path.relative_to(ROOT) for path in (ROOT / "models").iterdir()
    }
    assert added == {Path("models") / NAME}


def test_the_conformance_test_validates_it(software: Path) -> None:
    ended = run(
        software, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/models/test_conformance.py", "-k", NAME
    )
    assert ended.returncode == 0, ended.stdout
    assert "8 passed" in ended.stdout


def test_it_runs_and_its_result_is_told(software: Path, tmp_path: Path) -> None:
    SIMULATORS["cap_mortality_cxr"](tmp_path / "studies", 1, 13, lambda: None)
    asked = ("screen", str(tmp_path / "studies"), "--out", str(tmp_path / "out"), "--model", NAME, "--json")
    ended = run(software, "-m", "worker", *asked)
    assert ended.returncode == 0, ended.stderr
    (result,) = json.loads(ended.stdout)["results"]
    assert result["decision"] == "screened"
    (group,) = result["outcome"]["groups"]
    assert 0 < group["measurements"][0]["value"] < 90
    assert {item["kind"] for item in result["objects"]} == {"sc", "sr"}
