"""A file of lines that is rotated."""

import stat
from pathlib import Path

import pytest

from worker.rotating import PrivateFile


def test_lines_are_added_and_rotated_and_nobody_else_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lines"
    file = PrivateFile(path, 1, 3)
    for number in range(5):
        file.write(f"{number} %s \u00e4".ljust(500_000))
    file.sync()
    file.close()
    names = {found.name: found for found in path.parent.iterdir()}
    assert sorted(names) == ["lines", "lines.1", "lines.2"]
    assert {stat.S_IMODE(found.stat().st_mode) for found in names.values()} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    kept = [line.split()[0] for name in sorted(names, reverse=True) for line in names[name].read_text().splitlines()]
    assert kept == ["0", "1", "2", "3", "4"]
    assert max(found.stat().st_size for found in names.values()) <= 2**20


def test_a_file_that_was_closed_is_opened_again(tmp_path: Path) -> None:
    file = PrivateFile(tmp_path / "lines", 1, 2)
    file.write("first")
    file.close()
    file.write("second")
    file.sync()
    file.close()
    assert (tmp_path / "lines").read_text() == "first\nsecond\n"


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        PrivateFile(tmp_path, 1, 2)
