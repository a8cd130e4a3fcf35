"""A file of lines that is rotated by size, and that nobody else may read."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any


class PrivateFile(RotatingFileHandler):
    """Writes lines as a handler of a log, or by `write`.

    Parameters
    ----------
    path
        The file; its folder is made.
    megabytes
        Size at which it is renamed to <path>.1, and that one to <path>.2.
    files
        How many are kept, the present one included.
    """

    def __init__(self, path: Path, megabytes: int, files: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(path, maxBytes=megabytes * 2**20, backupCount=files - 1, encoding="utf-8")

    def _open(self) -> Any:
        return open(
            self.baseFilename, self.mode, encoding=self.encoding, opener=lambda name, flags: os.open(name, flags, 0o600)
        )

    def write(self, line: str) -> None:
        """Add a line as it is; OSError when that fails, other than `emit`."""
        record = logging.LogRecord("", logging.INFO, "", 0, "%s", (line,), None)
        if self.shouldRollover(record):
            self.doRollover()
        self._opened().write(line + self.terminator)

    def sync(self) -> None:
        """Make what was written durable."""
        self.flush()
        os.fsync(self._opened().fileno())

    def _opened(self) -> Any:
        """The stream; a handler that was closed opens its file again."""
        if self.stream is None:
            self.stream = self._open()
        return self.stream
