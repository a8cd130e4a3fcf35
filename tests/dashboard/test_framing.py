"""Files' beginnings in a body, and what is too much."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from dashboard import framing
from dashboard.framing import TooMuch, framed, read_files


def read(body: bytes, at_once: int = 7) -> tuple[bytes, ...]:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), at_once):
            yield body[start : start + at_once]

    return asyncio.run(read_files(pieces()))


@pytest.mark.parametrize("at_once", [1, 3, 7, 1000])
def test_files_come_as_they_were_sent(at_once: int) -> None:
    files = [b"one", b"", b"\0" * 300, b"four"]
    assert read(framed(files), at_once) == tuple(files)
    assert read(b"") == ()


@pytest.mark.parametrize("body", [b"\0", b"\0\0\0\5four", framed([b"a"]) + b"\0\0"])
def test_a_body_that_ends_within_a_file(body: bytes) -> None:
    with pytest.raises(ValueError, match="within a file"):
        read(body)


def test_too_long_too_many_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST_FILE", 10)
    monkeypatch.setattr(framing, "MOST_FILES", 3)
    monkeypatch.setattr(framing, "MOST_BYTES", 20)
    assert len(read(framed([b"x" * 6] * 3))) == 3
    with pytest.raises(TooMuch, match="beginning"):
        read(framed([b"x" * 11]))
    with pytest.raises(TooMuch, match="3 files"):
        read(framed([b"x"] * 4))
    with pytest.raises(TooMuch, match="MB"):
        read(framed([b"x" * 10] * 3))


def test_what_is_claimed_is_not_waited_for() -> None:
    """A length that is not allowed is refused before its bytes come."""
    with pytest.raises(TooMuch):
        read(b"\xff\xff\xff\xff")
