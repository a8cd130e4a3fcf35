"""OpenVINO comes in without what reports to its makers."""

import os
import re
import subprocess
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest

from models.engines import openvino_import

ROOT = Path(__file__).resolve().parents[3]

LOOK = """
import sys, threading
from models.engines.openvino_import import openvino
module = openvino()
module.Core().available_devices
import openvino.tools.ovc as converter
print([name for name, found in sys.modules.items() if "openvino_telemetry" in name and found is not None])
print([thread.name for thread in threading.enumerate() if thread is not threading.main_thread()])
print(converter.telemetry.__class__.__module__)
"""


def _python(source: str, home: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, env=os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_nothing_of_it_is_loaded_runs_or_is_written(tmp_path: Path) -> None:
    assert metadata.version("openvino-telemetry")  # it is installed: OpenVINO asks for it
    assert _python(LOOK, tmp_path) == ["[]", "[]", "openvino.tools.ovc.telemetry_stub"]
    assert list(tmp_path.iterdir()) == []


def test_where_it_is_loaded_already_openvino_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino_telemetry", types.ModuleType("openvino_telemetry"))
    with pytest.raises(ImportError, match="would report about this node"):
        openvino_import.openvino()


def test_nobody_else_imports_openvino() -> None:
    pattern = re.compile(r"^\s*(import|from) openvino\b", re.MULTILINE)
    packages = ("worker", "dashboard", "training", "dicom_node", "models", "db", "screening", "benchmarks")
    found = [
        path for package in packages for path in (ROOT / package).rglob("*.py") if pattern.search(path.read_text())
    ]
    assert found == [ROOT / "models" / "engines" / "openvino_import.py"]


def test_the_version_is_that_of_the_package() -> None:
    assert openvino_import.installed()
    assert openvino_import.version() == metadata.version("openvino")
