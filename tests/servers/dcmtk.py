"""DCMTK's programs."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require_program


def dcmtk(name: str) -> str:
    """Path of DCMTK's program: pynetdicom installs others of the same names in a virtual environment."""
    require_program(name)
    for folder in os.environ["PATH"].split(os.pathsep):
        path = Path(folder) / name
        if not os.access(path, os.X_OK):
            continue
        shown = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False, timeout=60)
        if "dcmtk" in shown.stdout.lower():
            return str(path)
    pytest.skip(f"{name} is there, but not DCMTK's: run deploy/install-test-servers.sh")
