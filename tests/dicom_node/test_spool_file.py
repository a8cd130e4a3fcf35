import errno
import os
from pathlib import Path

import pytest

from dicom_node import spool_file
from dicom_node.spool_file import SpoolFile, Stored
from screening.errors import SpoolFailed, SpoolUnavailable


def _begin(folder: Path, *, room: int = 2**30, failures: list[str] | None = None) -> SpoolFile:
    def require_room(size: int) -> None:
        if size > room:
            raise SpoolUnavailable("no room")

    return SpoolFile(folder / "a", require_room, (failures if failures is not None else []).append, flush_name=False)


def test_what_is_written_is_kept(tmp_path: Path) -> None:
    file = _begin(tmp_path)
    file.write(b"first ")
    file.write(memoryview(b"second"))
    assert (file.name, file.size) == ("a", 12)
    assert file.keep() == Stored(name="a", size=12)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"first second"


def test_a_file_that_is_there_is_never_opened(tmp_path: Path) -> None:
    first = _begin(tmp_path)
    first.write(b"first")
    with pytest.raises(SpoolUnavailable, match="cannot make a file"):
        _begin(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"first"
    first.drop()


def test_what_is_dropped_or_finds_no_room_is_gone(tmp_path: Path) -> None:
    file = _begin(tmp_path)
    file.write(b"bytes")
    file.drop()
    full = _begin(tmp_path, room=3)
    full.write(b"bytes")  # whoever makes a file has looked for room; for so little nobody looks again
    with pytest.raises(SpoolUnavailable, match="no room"):
        full.write(bytes(2**20))
    assert list(tmp_path.iterdir()) == []


def test_the_disk_begins_with_a_large_object_while_the_rest_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[int, int]] = []
    monkeypatch.setattr(spool_file, "begin_write_out", lambda _, offset, count: begun.append((offset, count)))
    file = _begin(tmp_path)
    for size in (600_000, 600_000, 600_000, 2**20, 1000):
        file.write(bytes(size))
    assert begun == [(0, 1_200_000), (1_200_000, 600_000 + 2**20)]
    assert file.keep().size == 1_800_000 + 2**20 + 1000
    small = _begin(tmp_path / "..")
    small.write(bytes(600_000))
    small.drop()
    assert len(begun) == 2, "a CT slice is flushed as fast without it"


@pytest.mark.parametrize(("code", "told"), [(errno.EIO, 1), (errno.ENOSPC, 0)])
def test_only_a_disk_that_does_not_confirm_is_a_failed_one(
    code: int, told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(code, os.strerror(code))

    failures: list[str] = []
    file = _begin(tmp_path, failures=failures)
    file.write(b"bytes")
    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(SpoolFailed if told else SpoolUnavailable):
        file.keep()
    assert failures == [os.strerror(code)] * told
    file.drop()
    assert list(tmp_path.iterdir()) == []
