"""`python -m worker` is the command; starting it is light."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "monai", "highdicom", "scipy", "sqlalchemy", "celery", "pydicom")

PROGRAM = f"""
import runpy, sys
sys.argv = ["opportune", *sys.argv[1:]]
try:
    runpy.run_module("worker", run_name="__main__")
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    done = _run("--help")
    assert done.returncode == 0, done.stderr
    for command in ("demo", "serve", "screen", "send", "status", "study", "quarantine", "node", "doctor", "init"):
        assert f" {command} " in done.stdout
    assert done.stderr.strip() == "[]"


def test_a_command_that_does_not_exist() -> None:
    done = _run("scren")
    assert done.returncode == 2
    assert "No such command 'scren'" in done.stderr
