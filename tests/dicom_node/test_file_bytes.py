import errno
import os
from pathlib import Path

import pytest

from dicom_node.file_bytes import FileBytes, HeldBytes
from screening.errors import SpoolUnavailable

CONTENT = bytes(range(256)) * 1024  # four blocks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "secret-name").write_bytes(CONTENT)
    return tmp_path / "secret-name"


@pytest.mark.parametrize("start", [0, 1, 65_535, 65_536, 200_000, len(CONTENT) - 3])
@pytest.mark.parametrize("length", [0, 1, 12, 65_535, 65_536, 150_000])
def test_reads_what_is_there(path: Path, start: int, length: int) -> None:
    with FileBytes(path) as file:
        assert file.size == len(CONTENT)
        for _ in range(2):  # from the file, then from the block that is kept
            assert file.read(start, length) == CONTENT[start : start + length]


def test_reading_backwards_and_across_blocks_is_never_stale(path: Path) -> None:
    with FileBytes(path) as file:
        for start in (70_000, 69_990, 10, 65_530, 135_000, 0):
            assert file.read(start, 20) == CONTENT[start : start + 20]


@pytest.mark.parametrize(("start", "length"), [(len(CONTENT), 1), (2**40, 100), (5, -1)])
def test_nothing_beyond_the_end(path: Path, start: int, length: int) -> None:
    with FileBytes(path) as file:
        assert file.read(start, length) == b""


def test_a_claimed_length_is_not_asked_of_the_system(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    pread = os.pread

    def counting(descriptor: int, length: int, start: int) -> bytes:
        asked.append(length)
        return pread(descriptor, length, start)

    monkeypatch.setattr(os, "pread", counting)
    with FileBytes(path) as file:
        assert file.read(100_000, 2**32 - 2) == CONTENT[100_000:]
    assert max(asked) <= len(CONTENT)


def test_short_reads_of_the_system_are_continued(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda descriptor, length, start: pread(descriptor, min(length, 1000), start))
    with FileBytes(path) as file:
        assert file.read(7, 100_000) == CONTENT[7:100_007]


def test_a_file_that_shrinks_gives_less(path: Path) -> None:
    with FileBytes(path) as file:
        os.truncate(path, 70_000)
        assert file.read(60_000, 100_000) == CONTENT[60_000:70_000]


def test_faults_of_the_machine_name_no_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "secret-name")

    with pytest.raises(SpoolUnavailable, match=r"cannot open .*: No such file") as absent:
        FileBytes(path.with_name("secret-name-2"))
    with FileBytes(path) as file:
        monkeypatch.setattr(os, "pread", broken)
        with pytest.raises(SpoolUnavailable, match=r"cannot read .*: Input/output error") as unread:
            file.read(0, 4)
    assert "secret" not in f"{absent.value} {unread.value}"


def test_the_descriptor_is_closed_at_the_end(path: Path) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(5):
        with FileBytes(path) as file:
            file.read(0, 4)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


@pytest.mark.parametrize(
    ("start", "length", "found"), [(0, 2, b"ab"), (1, 9, b"bc"), (3, 1, b""), (9, 4, b""), (0, -1, b"")]
)
def test_held_bytes_are_read_alike(start: int, length: int, found: bytes, tmp_path: Path) -> None:
    (tmp_path / "three").write_bytes(b"abc")
    with FileBytes(tmp_path / "three") as file:
        assert file.read(start, length) == HeldBytes(b"abc").read(start, length) == found
        assert file.size == HeldBytes(b"abc").size
