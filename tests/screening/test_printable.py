"""Text from outside is shown on one line, without what a terminal would obey."""

import pytest

from screening.printable import printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("M\u00fcller^J\u00f6rg \u5c71\u7530", "M\u00fcller^J\u00f6rg \u5c71\u7530"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[2J\x9b31m\x07", r"\x1b[2J\x9b31m\x07"),
        ("\x00", r"\x00"),
        ("\u202egnp.exe\u2028", r"\u202egnp.exe\u2028"),
        ("\udc80\ud800", r"\udc80\ud800"),
        (r"C:\new", r"C:\new"),
        ("", ""),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_what_is_long_is_cut() -> None:
    assert printable("x" * 12, longest=10) == "xxxxxxxxxx ... (2 more characters)"
    assert printable("x" * 10, longest=10) == "x" * 10


def test_our_own_lines_stay_lines() -> None:
    assert printable_lines("two\nlines\r\n\x1b[2J") == "two\nlines\\r\n\\x1b[2J"
