"""`python -m worker` is `opportune`."""

import subprocess
import sys
from importlib.metadata import entry_points


def test_it_is_the_same_command() -> None:
    shown = subprocess.run([sys.executable, "-m", "worker", "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0
    assert "serve" in shown.stdout
    (command,) = [entry for entry in entry_points(group="console_scripts") if entry.name == "opportune"]
    assert command.value == "worker.cli:main"
