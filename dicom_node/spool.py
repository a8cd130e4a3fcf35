"""The spool: received files, durable before anybody is told so.

A name is drawn fresh for every reception and never made from what a peer sent. A file without a row in the database is
an orphan: it is arriving, or its sender never got its Success, or its row is gone by retention.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dicom_node.file_systems import keeps_names
from dicom_node.spool_file import SpoolFile, Stored, sync_folder
from screening import clock, failpoints
from screening.errors import SpoolFailed, SpoolUnavailable

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[0-9a-f]{32}")
_DIGITS = "0123456789abcdef"
_PROBE = b"does this disk work?"


class Spool:
    """A folder of files in 16 x 16 folders by the first two digits of their name; folders 0700, files 0600.

    Parameters
    ----------
    root
        The folder; made if it is not there.
    minimum_free
        Bytes that must stay free on its disk.
    now
        The clock.
    flush_names
        Whether to flush the folder of each new file as well; None: where its file system needs it.

    Raises
    ------
    SpoolUnavailable
        If the folders cannot be made.
    """

    def __init__(
        self,
        root: Path,
        minimum_free: int,
        now: Callable[[], datetime] = clock.now,
        *,
        flush_names: bool | None = None,
    ) -> None:
        self._root = root
        self._minimum_free = minimum_free
        self._now = now
        self._failure: str | None = None  #: what an fsync answered; the kernel may forget the error and the bytes
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for first in _DIGITS:
                (root / first).mkdir(mode=0o700, exist_ok=True)
                for second in _DIGITS:
                    (root / first / second).mkdir(mode=0o700, exist_ok=True)
                sync_folder(root / first)
            sync_folder(root)
        except OSError as exc:
            raise SpoolUnavailable(f"spool {root} cannot be made: {exc.strerror}") from exc
        self._flush_names = not keeps_names(root) if flush_names is None else flush_names

    def path(self, name: str) -> Path:
        """Where the file of this name lies.

        Raises
        ------
        ValueError
            If it is no name of a spool.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"a spool name has 32 hexadecimal digits, got {name!r}")
        return Path(f"{self._root}/{name[0]}/{name[1]}/{name}")  # one parse: this is asked for every object

    def put(self, *chunks: bytes) -> Stored:
        """Write the chunks, one after the other, to a new file. When this returns, the file survives a power cut.

        Raises
        ------
        SpoolUnavailable
            If the disk is full, has less than `minimum_free` left, or fails. Nothing is left behind.
        SpoolFailed
            If the disk did not confirm what was written, now or earlier in this process: after a failed fsync a second
            one may succeed although the bytes are gone, so this spool takes nothing any more.
        """
        unfinished = self.begin()
        for chunk in chunks:
            unfinished.write(chunk)
        try:
            return unfinished.keep()
        except SpoolUnavailable:
            unfinished.drop()
            raise

    def begin(self) -> SpoolFile:
        """A new file, to be written bit by bit.

        Raises
        ------
        SpoolUnavailable
            If the disk has less than `minimum_free` left, or fails.
        SpoolFailed
            As `put`.
        """
        if self._failure is not None:
            raise SpoolFailed(f"spool takes nothing since fsync failed ({self._failure}): check the disk, then restart")
        name = os.urandom(16).hex()
        self._require_room(0)
        failpoints.hit("listener.before-write")
        return SpoolFile(self.path(name), self._require_room, self._fail, flush_name=self._flush_names)

    def works(self) -> bool:
        """Whether a new file can be written and read back: tells one damaged file from a disk that is out."""
        try:
            probe = self.put(_PROBE)
            same = self.path(probe.name).read_bytes() == _PROBE
            self.remove(probe.name)
        except (SpoolUnavailable, OSError):
            return False
        return same

    def remove(self, name: str) -> None:
        """Remove the file of this name; none is no error.

        Raises
        ------
        SpoolUnavailable
            If the disk fails.
        """
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError as exc:
            raise SpoolUnavailable(f"spool file {name} cannot be removed: {exc.strerror}") from exc

    def old_names(self, seconds: float, at_once: int = 1000) -> Iterator[list[str]]:
        """Names of the files that are older than so many seconds, some at a time, as they are found.

        Whoever removes what has no row asks for the rows afterwards: a file that was old when it was seen here, and has
        none then, gets none any more.
        """
        found: list[str] = []
        for name in self._older_than(seconds):
            found.append(name)
            if len(found) == at_once:
                yield found
                found = []
        if found:
            yield found

    def _older_than(self, seconds: float) -> Iterator[str]:
        for first in _DIGITS:
            for second in _DIGITS:
                limit = self._now().timestamp() - seconds
                with os.scandir(self._root / first / second) as entries:
                    for entry in entries:
                        with suppress(FileNotFoundError):  # another process may remove it meanwhile
                            if _NAME.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime <= limit:
                                yield entry.name

    def _fail(self, why: str) -> None:
        self._failure = why
        logger.critical("fsync of the spool failed: %s; nothing is taken until the disk is checked", why)

    def _require_room(self, size: int) -> None:
        try:
            disk = os.statvfs(self._root)
        except OSError as exc:
            raise SpoolUnavailable(f"spool {self._root} cannot be used: {exc.strerror}") from exc
        free = disk.f_bavail * disk.f_frsize
        if free - size < self._minimum_free:
            raise SpoolUnavailable(f"spool has {free} bytes free, needs {size} and keeps {self._minimum_free} free")
