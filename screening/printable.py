"""Text from outside, made fit to be shown: on one line, and without what a terminal would obey."""


def printable(text: str, *, longest: int | None = None) -> str:
    r"""The text with every character that does not print as an escape, e.g. \\n, \\x1b, \\u202e.

    Blanks stay. A backslash stays too: what is shown is for reading, not for reading back.

    longest: the rest is cut off, and how much that was is said.
    """
    cut = 0 if longest is None else max(len(text) - longest, 0)
    shown = text[:longest] if cut else text
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)
    return f"{shown} ... ({cut} more characters)" if cut else shown


def printable_lines(text: str) -> str:
    """As `printable`, but line feeds stay: for our own messages, which may have several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))
