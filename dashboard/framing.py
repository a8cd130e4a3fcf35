"""Several files' beginnings in the body of one request: each is four bytes with its length, big endian, and the bytes.

Not multipart: a browser makes this of slices of files without reading them, it has no headers to be parsed, and file
names, which may name a patient, stay where they are.
"""

from collections.abc import AsyncIterable

MOST_FILES = 2000
LONGEST_FILE = 256 * 1024  # bytes
MOST_BYTES = 64 * 2**20  # bytes of all files together
_HEAD = 4


class TooMuch(Exception):
    """More files or bytes than are taken."""


async def read_files(body: AsyncIterable[bytes]) -> tuple[bytes, ...]:
    """The files of a body.

    Raises
    ------
    TooMuch
        As soon as a limit is passed; the rest is not read.
    ValueError
        If the body is not made like that.
    """
    files: list[bytes] = []
    waiting, total = bytearray(), 0
    async for piece in body:
        waiting += piece
        total += len(piece)
        if total > MOST_BYTES + MOST_FILES * _HEAD:
            raise TooMuch(f"these are more than {MOST_BYTES // 2**20} MB")
        while (length := _length(waiting)) is not None and len(waiting) >= _HEAD + length:
            if len(files) == MOST_FILES:
                raise TooMuch(f"these are more than {MOST_FILES} files")
            files.append(bytes(waiting[_HEAD : _HEAD + length]))
            del waiting[: _HEAD + length]
    if waiting:
        raise ValueError("the body ends within a file")
    return tuple(files)


def framed(files: list[bytes]) -> bytes:
    """The body that holds these files."""
    return b"".join(len(file).to_bytes(_HEAD, "big") + file for file in files)


def _length(waiting: bytearray) -> int | None:
    """Of the next file; None when it is not known yet."""
    if len(waiting) < _HEAD:
        return None
    length = int.from_bytes(waiting[:_HEAD], "big")
    if length > LONGEST_FILE:
        raise TooMuch(f"a file's beginning is longer than {LONGEST_FILE // 1024} KB")
    return length
