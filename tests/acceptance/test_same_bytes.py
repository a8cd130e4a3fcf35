"""Every object of every model: two processes write the same bytes, and other settings never come under known UIDs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import registry
from training.simulate import SIMULATORS

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import hashlib, json, sys
from datetime import UTC, datetime
from pathlib import Path
from screening.settings import ModelSettings, Settings
from worker import screen_folder
from worker.pipeline import Pipeline

name, images, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
screen_folder.now = lambda: datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
(study,), _ = screen_folder.read_folder(images)
pipeline = Pipeline(threads=1)
said = []
for thresholds in ((), (1.0, 2.0)):
    settings = Settings(models={name: ModelSettings(thresholds=thresholds)})
    (result,) = screen_folder.screen_study(study, settings, [name], pipeline, out)
    said.append(
        {item["sop_instance_uid"]: hashlib.sha256(Path(item["path"]).read_bytes()).hexdigest()
         for item in result["objects"]}
    )
print(json.dumps(said))
"""


def objects(name: str, images: Path, out: Path, seed: str) -> list[dict[str, str]]:
    """SHA-256 by SOP Instance UID, without thresholds and with some, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, str(images), str(out)],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.timeout(2500)
@pytest.mark.parametrize("name", registry.names())
def test_the_same_bytes_twice_and_other_uids_for_other_settings(name: str, tmp_path: Path) -> None:
    images = tmp_path / "images"
    SIMULATORS[name](images, 1, 1, lambda: None)
    first = objects(name, images, tmp_path / "one", "1")
    second = objects(name, images, tmp_path / "two", "2")
    assert first == second
    plain, with_thresholds = first
    assert len(plain) == len(with_thresholds) >= 2
    assert not set(plain) & set(with_thresholds)
