"""The owner file is made once, for this user alone."""

import stat
from pathlib import Path

import pytest

from dicom_node.spool_owner import owner_file, read_owner, write_owner
from screening.errors import SpoolUnavailable


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read_owner(tmp_path) is None
    write_owner(tmp_path, "abc")
    assert read_owner(tmp_path) == "abc"
    assert stat.S_IMODE(owner_file(tmp_path).stat().st_mode) == 0o600


def test_it_is_never_overwritten(tmp_path: Path) -> None:
    write_owner(tmp_path, "abc")
    with pytest.raises(SpoolUnavailable, match="File exists"):
        write_owner(tmp_path, "other")
    assert read_owner(tmp_path) == "abc"


def test_a_spool_that_is_not_there_cannot_be_marked(tmp_path: Path) -> None:
    assert read_owner(tmp_path / "none") is None
    with pytest.raises(SpoolUnavailable, match="No such file"):
        write_owner(tmp_path / "none", "abc")


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    owner_file(tmp_path).mkdir()
    with pytest.raises(SpoolUnavailable, match="cannot be read"):
        read_owner(tmp_path)
