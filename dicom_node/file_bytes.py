"""Read-only runs of bytes: a file, which is never held in memory as a whole, and what is held already."""

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from screening.errors import SpoolUnavailable

_BLOCK = 64 * 1024


class Bytes(Protocol):
    """Where bytes are read from."""

    size: int

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer at the end."""


class HeldBytes:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer at the end."""
        return self._data[start : start + max(0, length)]


class FileBytes:
    """The bytes of a file, read where they are asked for.

    A length that a header claims costs nothing: `read` returns what is there, at most what was asked for. Not a
    memory map, because an I/O error would then be a SIGBUS that ends the process instead of an exception.

    Raises
    ------
    SpoolUnavailable
        When the file cannot be opened or read: a fault of the machine, not of the sender.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.size = os.fstat(self._descriptor).st_size
        except OSError as error:
            raise SpoolUnavailable(f"cannot open a stored file: {error.strerror}") from error
        self._block, self._block_start = b"", 0

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer at the end of the file."""
        length = max(0, min(length, self.size - start))
        inside = start - self._block_start
        if inside >= 0 and inside + length <= len(self._block):
            return self._block[inside : inside + length]
        if length >= _BLOCK:
            return self._pread(start, length)
        self._block, self._block_start = self._pread(start, _BLOCK), start
        return self._block[:length]

    def _pread(self, start: int, length: int) -> bytes:
        chunks: list[bytes] = []
        try:
            while length > 0 and (chunk := os.pread(self._descriptor, length, start)):
                chunks.append(chunk)
                start, length = start + len(chunk), length - len(chunk)
        except OSError as error:
            raise SpoolUnavailable(f"cannot read a stored file: {error.strerror}") from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
