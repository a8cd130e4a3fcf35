"""The spool keeps what it says it keeps."""

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_node.spool import Spool
from screening import clock
from screening.errors import SpoolFailed, SpoolUnavailable


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_puts_chunks_one_after_the_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", minimum_free=0)
    stored = spool.put(b"head", b"", b"body")
    assert spool.path(stored.name).read_bytes() == b"headbody"
    assert stored.size == 8
    assert _files(tmp_path) == [spool.path(stored.name)]


def test_a_name_is_never_used_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path, minimum_free=0)
    names = {spool.put(b"same bytes").name for _ in range(50)}
    assert len(names) == 50
    assert {path.name for path in _files(tmp_path)} == names


def test_nobody_else_can_read(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    spool = Spool(root, minimum_free=0)
    path = spool.path(spool.put(b"x").name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (root, path.parent, path.parent.parent)} == {0o700}


def test_a_second_spool_finds_the_files_of_the_first(tmp_path: Path) -> None:
    name = Spool(tmp_path, minimum_free=0).put(b"x").name
    assert Spool(tmp_path, minimum_free=0).path(name).read_bytes() == b"x"


@given(st.text())
def test_only_its_own_names_have_a_path(text: str) -> None:
    spool = Spool.__new__(Spool)
    spool._root = Path("/spool")
    try:
        path = spool.path(text)
    except ValueError:
        return
    assert path.parent.parent.parent == Path("/spool")
    assert path.name == text


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 31, "A" * 32, "a" * 32 + "\n", "a" * 32 + ".part"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    spool = Spool(tmp_path, minimum_free=0)
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        spool.path(name)


@pytest.mark.parametrize("flush_names", [True, False])
def test_order_on_disk(flush_names: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write, flush the file, flush its folder where the name needs it: another order loses it in a power cut."""
    spool = Spool(tmp_path, minimum_free=0, flush_names=flush_names)
    steps: list[str] = []
    fsync, fdatasync = os.fsync, os.fdatasync

    def traced_fsync(descriptor: int) -> None:
        assert stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("folder")
        fsync(descriptor)

    def traced_fdatasync(descriptor: int) -> None:
        assert os.fstat(descriptor).st_size == 5, "flushed before everything was written"
        steps.append("file")
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fsync", traced_fsync)
    monkeypatch.setattr(os, "fdatasync", traced_fdatasync)
    spool.put(b"bytes")
    assert steps == ["file", "folder"][: 1 + flush_names]


@pytest.mark.parametrize("failing_call", [1, 2])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_failing_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing_call: int, code: int
) -> None:
    spool = Spool(tmp_path, minimum_free=0, flush_names=True)
    calls = []

    def failing(_: int) -> None:
        calls.append(1)
        if len(calls) == failing_call:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", failing)
    monkeypatch.setattr(os, "fdatasync", failing)
    with pytest.raises(SpoolUnavailable, match=os.strerror(code)):
        spool.put(b"bytes")
    assert _files(tmp_path) == []
    monkeypatch.undo()
    if code == errno.EIO:  # a second fsync may succeed although the bytes are gone: nobody may rely on it
        with pytest.raises(SpoolFailed, match="check the disk"):
            spool.put(b"bytes")
        spool = Spool(tmp_path, minimum_free=0)
    assert spool.path(spool.put(b"bytes").name).is_file()


def test_low_disk_refuses_before_writing(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    spool = Spool(tmp_path, minimum_free=free * 2)
    with pytest.raises(SpoolUnavailable, match="bytes free"):
        spool.put(b"x")
    assert _files(tmp_path) == []


def test_a_spool_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", minimum_free=0)
    (tmp_path / "spool").rename(tmp_path / "elsewhere")
    with pytest.raises(SpoolUnavailable):
        spool.put(b"x")


def test_a_root_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"")
    with pytest.raises(SpoolUnavailable):
        Spool(tmp_path / "spool", minimum_free=0)


def test_remove(tmp_path: Path) -> None:
    spool = Spool(tmp_path, minimum_free=0)
    name = spool.put(b"x").name
    spool.remove(name)
    spool.remove(name)
    assert _files(tmp_path) == []


class _Later:
    """A clock that can be set forward."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return clock.now().astimezone(UTC) + self.by


def test_old_files_are_told_some_at_a_time_and_nothing_else(tmp_path: Path) -> None:
    later = _Later()
    spool = Spool(tmp_path, minimum_free=0, now=later)
    names = {spool.put(b"x").name for _ in range(5)}
    (tmp_path / "0" / "0" / "notes.txt").write_bytes(b"an administrator's")
    assert list(spool.old_names(60)) == []
    later.by = timedelta(minutes=2)
    portions = list(spool.old_names(60, at_once=2))
    assert [len(portion) for portion in portions] == [2, 2, 1]
    assert {name for portion in portions for name in portion} == names


def test_a_file_that_goes_while_it_is_looked_at_is_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, minimum_free=0)
    names = {spool.put(b"x").name for _ in range(50)}
    portions = spool.old_names(-1, at_once=1)
    (first,) = next(portions)
    for name in names - {first}:
        spool.remove(name)
    assert list(portions) == []


def test_what_is_arriving_is_not_old_and_what_was_cut_off_is(tmp_path: Path) -> None:
    later = _Later()
    spool = Spool(tmp_path, minimum_free=0, now=later)
    arriving = spool.begin()
    arriving.write(b"half")
    assert list(spool.old_names(60)) == []
    later.by = timedelta(minutes=2)
    assert list(spool.old_names(60)) == [[arriving.name]]
    arriving.drop()


@pytest.mark.parametrize("flush_names", [True, False])
def test_the_folder_of_a_new_file_is_flushed_where_it_must_be(
    flush_names: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, minimum_free=0, flush_names=flush_names)
    flushed: list[Path] = []
    monkeypatch.setattr("dicom_node.spool_file.sync_folder", flushed.append)
    path = spool.path(spool.put(b"x").name)
    assert flushed == [path.parent] * flush_names


def test_a_spool_that_works_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, minimum_free=0)
    assert spool.works()
    assert list(spool.old_names(-1)) == []


def test_a_spool_without_room_does_not_work(tmp_path: Path) -> None:
    assert not Spool(tmp_path, minimum_free=2**62).works()
