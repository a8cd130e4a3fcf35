"""What was not looked up is never taken for what is without a hole."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "audit_dependencies.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_dependencies", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _item(name: str, *holes: str) -> dict[str, Any]:
    return {"name": name, "version": "1", "vulns": [{"id": hole, "fix_versions": ["2"]} for hole in holes]}


SKIPPED = {"name": "b", "skip_reason": "Dependency not found and could not be audited: b (1)"}


@pytest.mark.parametrize(
    ("found", "status", "last"),
    [
        ([_item("a"), _item("b")], 0, "2 packages were looked up"),
        ([_item("a", "CVE-1"), _item("b")], 1, "2 packages were looked up"),
        ([_item("a"), SKIPPED], 3, "NOT AUDITED: 1 of 2 packages were not looked up: b"),
        ([_item("a", "CVE-1"), SKIPPED], 1, "NOT AUDITED: 1 of 2 packages were not looked up: b"),
        ([], 3, "NOT AUDITED: 2 of 2 packages were not looked up: a, b"),
    ],
)
def test_judge(script: ModuleType, found: list[dict[str, Any]], status: int, last: str) -> None:
    got, lines = script.judge({"a", "b"}, found)
    assert (got, lines[-1]) == (status, last)
    assert (lines[0] == "a 1: CVE-1, fixed in 2") is (status == 1)


@pytest.mark.parametrize(
    ("says", "options", "status"), [("", (), 3), ("", ("--allow-unreachable",), 0), ('{"dependencies": []}', (), 3)]
)
def test_a_program_that_says_nothing_looked_nothing_up(
    tmp_path: Path, says: str, options: tuple[str, ...], status: int
) -> None:
    """As without a network, where pip-audit itself ends well."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(program), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert done.stdout.startswith("NOT AUDITED: ")


def test_torch_is_asked_about_too(script: ModuleType) -> None:
    assert script.torch_requirement("six==1\ntorch==2.13.0\n") == "torch==2.13.0"
    with pytest.raises(SystemExit, match="does not pin torch"):
        script.torch_requirement("six==1\n")
