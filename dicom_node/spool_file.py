"""One file on its way into the spool: written, confirmed by the disk, named; or nothing of it is left."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from screening import failpoints
from screening.errors import SpoolFailed, SpoolUnavailable

PART = ".part"  # suffix of a file that is not whole yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A file that is on disk."""

    name: str
    size: int  #: bytes


class SpoolFile:
    """A file on its way into the spool, named *.part until it is whole. Every failure removes it."""

    def __init__(
        self, name: str, path: Path, require_room: Callable[[int], None], on_failed_sync: Callable[[str], None]
    ) -> None:
        self._name = name
        self._path = path
        self._part = path.with_suffix(PART)
        self._require_room = require_room
        self._on_failed_sync = on_failed_sync
        self._size = 0
        try:
            # never opens a file that is already there
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise SpoolUnavailable(f"spool cannot make a file: {exc.strerror}") from exc
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Append; raises SpoolUnavailable."""
        with self._removed_on_failure():
            self._require_room(len(chunk))
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._size += len(chunk)
            failpoints.hit("listener.mid-write")

    def keep(self) -> Stored:
        """Make it a file of the spool. When this returns, it survives a power cut.

        Raises
        ------
        SpoolUnavailable
            If the disk is full or fails.
        SpoolFailed
            If it did not confirm what was written.
        """
        with self._removed_on_failure():
            _sync(self._file.fileno())
            failpoints.hit("listener.after-fsync")
            self._file.close()
            self._part.rename(self._path)
            failpoints.hit("listener.after-rename")
            sync_folder(self._path.parent)
        return Stored(name=self._name, size=self._size)

    def drop(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self._file.close()
        for path in (self._part, self._path):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    @contextmanager
    def _removed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except _SyncFailed as exc:
            self.drop()
            self._on_failed_sync(exc.strerror or type(exc).__name__)
            raise SpoolFailed(f"spool cannot store a file of {self._size} bytes: {exc.strerror}") from exc
        except OSError as exc:
            self.drop()
            raise SpoolUnavailable(f"spool cannot store a file of {self._size} bytes: {exc.strerror}") from exc
        except SpoolUnavailable:
            self.drop()
            raise


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


class _SyncFailed(OSError):
    """fsync failed, and not for want of room."""


def _sync(descriptor: int) -> None:
    try:
        failpoints.hit("listener.fsync")
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _SyncFailed(exc.errno, exc.strerror) from exc
