"""`opportune demo --once --json`: the main job on a machine that has nothing but Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models import registry

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
    rows = values["studies"]
    assert {row["model"] for row in rows if row["outcome"] == "screened"} == set(registry.names())
    assert {row["model"] for row in rows if row["outcome"] == "ineligible"} == set(registry.names())
    assert values["not_evaluable"] == sum(row["outcome"] == "not-evaluable" for row in rows) >= 1
    assert all(row["as_expected"] for row in rows)  # each planned object of each lies in the archive
    assert all(len(row["objects"]) >= 2 for row in rows if row["outcome"] in {"screened", "not-evaluable"})
    assert values["objects_stored"] == len(list((tmp_path / "demo" / "pacs").glob("*.dcm")))
    assert values["objects_stored"] >= 2 * (values["screened"] + values["not_evaluable"])
    assert values["seconds"] > 0
    assert done.stderr == ""
