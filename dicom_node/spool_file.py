"""One file on its way into the spool: written and confirmed by the disk, or nothing of it is left."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dicom_node.write_out import begin_write_out
from screening import failpoints
from screening.errors import SpoolFailed, SpoolUnavailable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STEP = 2**20
"""Bytes after which the room on the disk is looked at again, and the disk begins with what is there.

It works on a large object while the rest comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A file that is on disk."""

    name: str
    size: int  #: bytes


class SpoolFile:
    """A file on its way into the spool. It has its name at once: what makes it one of the spool is its row.

    Parameters
    ----------
    path
        Where it will be; there must be nothing yet.
    require_room
        Raises SpoolUnavailable when so many more bytes are too many.
    on_failed_sync
        Told why the disk did not confirm what was written.
    flush_name
        Whether the folder is to be flushed for the name to last (`dicom_node.file_systems`).

    Raises
    ------
    SpoolUnavailable
        If the file cannot be made.
    """

    def __init__(
        self,
        path: Path,
        require_room: Callable[[int], None],
        on_failed_sync: Callable[[str], None],
        *,
        flush_name: bool,
    ) -> None:
        self.name = path.name
        self.size = 0
        self._begun = 0  #: bytes that the disk was told to write already
        self._looked = 0  #: bytes when the room was looked at; whoever makes a file has looked
        self._path = path
        self._require_room = require_room
        self._on_failed_sync = on_failed_sync
        self._flush_name = flush_name
        try:
            # never opens a file that is already there
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise SpoolUnavailable(f"spool cannot make a file: {exc.strerror}") from exc
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, chunk: "ReadableBuffer") -> None:
        """Append; raises SpoolUnavailable, and nothing is left of it then."""
        try:
            rest = memoryview(chunk)
            if self.size + len(rest) >= self._looked + _STEP:
                self._require_room(len(rest))
                self._looked = self.size + len(rest)
            self.size += len(rest)
            while rest:
                rest = rest[self._file.write(rest) :]
            if self.size >= self._begun + _STEP:
                begin_write_out(self._file.fileno(), self._begun, self.size - self._begun)
                self._begun = self.size
            failpoints.hit("listener.mid-write")
        except OSError as exc:
            self.drop()
            raise SpoolUnavailable(f"spool cannot store a file of {self.size} bytes: {exc.strerror}") from exc
        except SpoolUnavailable:
            self.drop()
            raise

    def keep(self) -> Stored:
        """Make it durable. When this returns, it survives a power cut; when it raises, the file is there still.

        Raises
        ------
        SpoolUnavailable
            If the disk is full or fails.
        SpoolFailed
            If it did not confirm what was written.
        """
        failpoints.hit("listener.before-fsync")
        try:
            with self._file:
                _sync(self._file.fileno(), os.fdatasync)
            if self._flush_name:
                sync_folder(self._path.parent)
        except _SyncFailed as exc:
            self._on_failed_sync(exc.strerror or type(exc).__name__)
            raise SpoolFailed(f"spool cannot store a file of {self.size} bytes: {exc.strerror}") from exc
        except OSError as exc:
            raise SpoolUnavailable(f"spool cannot store a file of {self.size} bytes: {exc.strerror}") from exc
        failpoints.hit("listener.after-fsync")
        return Stored(name=self.name, size=self.size)

    def drop(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(descriptor, os.fsync)
    finally:
        os.close(descriptor)


class _SyncFailed(OSError):
    """fsync failed, and not for want of room."""


def _sync(descriptor: int, flush: Callable[[int], None]) -> None:
    try:
        failpoints.hit("listener.fsync")
        flush(descriptor)
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _SyncFailed(exc.errno, exc.strerror) from exc
