"""The kernel begins to write out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dicom_node import write_out


def test_a_file_is_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.write(bytes(range(256)) * 8192)
        file.flush()
        write_out.begin_write_out(file.fileno(), 0, 2**20)
        os.fdatasync(file.fileno())
    assert path.read_bytes() == bytes(range(256)) * 8192


def test_the_kernel_is_asked_for_these_bytes(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = "import os; from dicom_node.write_out import *; begin_write_out(os.open('a', 66), 2**33, 4096)"
    subprocess.run(
        ["strace", "-e", "trace=sync_file_range", "-o", trace, sys.executable, "-c", code],
        cwd=tmp_path, check=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())}, timeout=60,
    )  # fmt: skip
    (line,) = [line for line in trace.read_text(encoding="utf-8").splitlines() if line.startswith("sync_file_range")]
    assert "8589934592, 4096, SYNC_FILE_RANGE_WRITE) = 0" in line


def test_where_there_is_no_such_call_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_out, "_sync_file_range", None)
    write_out.begin_write_out(-1, 0, 1)
