"""A header value that is out of its VR appears in no log and no warning."""

import subprocess
import sys
from pathlib import Path

from tests.worker.ports import radiograph

CANARY = "19CANARY"

_READ = """
import sys, pydicom
{prepare}
ds = pydicom.dcmread(sys.argv[1])
ds.PatientBirthDate = "19CANARY"
"""


def _said(prepare: str, path: Path) -> str:
    program = _READ.format(prepare=prepare)
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_pydicom_alone_tells_and_quieted_does_not(tmp_path: Path) -> None:
    ds = radiograph()
    path = tmp_path / "a.dcm"
    ds.save_as(path, enforce_file_format=True)
    data = path.read_bytes()
    assert CANARY in _said("", path), "the canary proves nothing any more"
    assert CANARY not in _said("from worker.privacy import quiet_libraries; quiet_libraries()", path)
    assert data == path.read_bytes()
