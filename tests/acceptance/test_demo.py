"""`opportune demo --once --json`: the main job on a machine that has nothing but Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_sample_ends_as_foretold(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker", "demo", "--once", "--json", "--out", str(tmp_path / "demo")],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=580,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    assert values["failed"] == 0
    assert values["sent"] >= values["screened"] + values["not_evaluable"] >= 4
    assert values["screened"] >= 3
    assert values["not_evaluable"] >= 1
    assert values["objects_stored"] == len(list((tmp_path / "demo" / "pacs").glob("*.dcm")))
    assert values["objects_stored"] >= 2 * (values["screened"] + values["not_evaluable"])
    assert values["seconds"] > 0
    assert done.stderr == ""
