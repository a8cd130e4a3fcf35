"""Folders of weights as files: what may be in one, and how it is copied so that it is whole or not there."""

import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from screening.errors import BundleRefused
from screening.manifest import MANIFEST, SIGNATURE

DEEPEST = 8  # folders in folders
MOST_FILES = 200  # a MONAI bundle has about ten
MOST_BYTES = 2 * 2**30  # the largest of the planned networks has some 100 MB in half precision
MOST_TEXT = 16 * 2**20  # bytes of any file but weights
SUFFIXES = (".json", ".md", ".txt", ".csv", ".yaml", ".yml", ".conf", ".png", ".svg", ".pdf", ".safetensors")
NAMES = ("LICENSE", "NOTICE", MANIFEST, SIGNATURE)
PICKLED = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib", ".npy", ".npz", ".h5", ".mar", ".ts")


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleFile:
    """A plain file of a bundle."""

    path: Path  #: relative to the bundle
    size: int  #: bytes


def files_of(folder: Path, *, without: Path | None = None) -> list[BundleFile]:
    """Every file of a bundle, sorted by path, after each was found to be data and not code.

    without: a file, relative to the folder, that is left out and not looked at.

    Raises
    ------
    BundleRefused
        Names the first that may not be in a bundle: a link, a pickle, code, something that is no plain file; or says
        that there are too many or that they are too large.
    """
    found: list[BundleFile] = []
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise BundleRefused(f"{folder} is no folder; name the folder that holds configs and models")
        for path, entry in _walk(folder, Path()):
            if path != without:
                found.append(_judge(folder, path, entry))
            if len(found) > MOST_FILES:
                raise BundleRefused(f"{folder} holds more than {MOST_FILES} files; name the bundle's own folder")
    except OSError as exc:
        raise BundleRefused(f"{exc.filename or folder} cannot be read: {exc.strerror}") from exc
    total = sum(item.size for item in found)
    if total > MOST_BYTES:
        raise BundleRefused(f"{folder} holds {total // 2**20} MB; at most {MOST_BYTES // 2**20} MB are taken")
    return sorted(found, key=lambda item: item.path)


def _walk(folder: Path, below: Path) -> Iterator[tuple[Path, os.DirEntry[str]]]:
    with os.scandir(folder / below) as entries:
        for entry in entries:
            if len(below.parts) > DEEPEST:
                raise BundleRefused(f"{folder} nests folders deeper than {DEEPEST}; name the bundle's own folder")
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder, below / entry.name)
            else:
                yield below / entry.name, entry


def _judge(folder: Path, path: Path, entry: os.DirEntry[str]) -> BundleFile:
    shown, suffix = ascii(str(path))[1:-1], path.suffix
    if entry.is_symlink():
        raise BundleRefused(f"{shown} is a link; put the file itself in its place")
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise BundleRefused(f"{shown} is no plain file; remove it")
    if suffix.lower() in PICKLED or (suffix != ".safetensors" and _begins_like_a_pickle(folder / path)):
        raise BundleRefused(f"{shown} may hold a pickle, which runs code when it is read; save it as safetensors")
    if suffix not in SUFFIXES and path.name not in NAMES:
        raise BundleRefused(f"{shown} has no place in a bundle, which is data and no code; remove it")
    if suffix != ".safetensors" and status.st_size > MOST_TEXT:
        raise BundleRefused(f"{shown} has {status.st_size // 2**20} MB; beside weights at most {MOST_TEXT // 2**20} MB")
    return BundleFile(path=path, size=status.st_size)


def _begins_like_a_pickle(path: Path) -> bool:
    """Whether a file has the first bytes of a pickle of protocol 2 to 5, or of a ZIP archive, as torch.save writes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        first = file.read(4)
    return first == b"PK\x03\x04" or (first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"))


@contextmanager
def staged(source: Path, beside: Path, *, without: Path | None = None) -> Iterator[Path]:
    """A durable copy of a bundle, in a hidden folder next to where it shall be; removed unless it was moved there.

    What is checked in the copy cannot change in the source any more. without: as `files_of` takes it.

    Raises
    ------
    BundleRefused
        As `files_of`, or if the source cannot be read or the copy not be written.
    """
    files = files_of(source, without=without)
    part = beside.parent / f".{uuid.uuid4().hex}.part"
    try:
        try:
            beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.mkdir(mode=0o700)
            for item in files:
                _copy(source / item.path, part / item.path, item.size)
            for folder, _, _ in os.walk(part):
                _sync_folder(Path(folder))
        except OSError as exc:
            raise BundleRefused(f"{exc.filename or part} cannot be copied: {exc.strerror}") from exc
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy(source: Path, target: Path, size: int) -> None:
    """Copy a plain file of known size, and fsync it."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as reader, target.open("xb") as writer:
        rest = size
        while rest and (chunk := reader.read(min(rest, 2**20))):
            writer.write(chunk)
            rest -= len(chunk)
        if rest or reader.read(1):
            raise BundleRefused(f"{source} was changed while it was copied; try again")
        writer.flush()
        os.fsync(writer.fileno())


@contextmanager
def set_aside(file: Path, beside: Path) -> Iterator[Path]:
    """A copy of one file under a hidden name, removed afterwards: it is not looked at here.

    Raises
    ------
    BundleRefused
        If it is no plain file, too large, or cannot be copied.
    """
    part = beside.parent / f".{uuid.uuid4().hex}.part{file.suffix}"
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            raise BundleRefused(f"{file.name} is no plain file of at most {MOST_BYTES // 2**20} MB")
        _copy(file, part, status.st_size)
        yield part
    except OSError as exc:
        raise BundleRefused(f"{exc.filename or file} cannot be copied: {exc.strerror}") from exc
    finally:
        part.unlink(missing_ok=True)


def settle(part: Path, target: Path) -> None:
    """Give a staged copy its name. When this returns, it survives a power cut.

    Raises
    ------
    BundleRefused
        If there is something of this name, or the disk fails.
    """
    try:
        if os.path.lexists(target):
            raise BundleRefused(f"{target} is there already; nothing is overwritten")
        part.rename(target)  # fails when a bundle came there meanwhile: a folder that holds files is not replaced
        _sync_folder(target.parent)
    except OSError as exc:
        raise BundleRefused(f"{target} cannot be made: {exc.strerror}; nothing is overwritten") from exc


def same(one: Path, other: Path) -> bool:
    """Whether two bundles hold the same files with the same bytes.

    Raises
    ------
    BundleRefused
        As `files_of`.
    """
    files = files_of(one)
    return files == files_of(other) and all(
        (one / item.path).read_bytes() == (other / item.path).read_bytes() for item in files
    )


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
