"""Tables as CSV (RFC 4180), for people who open them in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

BEGINNING = "\ufeff"
"""Before the first line: without it Excel does not take the file for UTF-8."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows as text. A cell that a spreadsheet would take for a formula gets an apostrophe before it.

    Whoever sends us images chooses their Accession Numbers and names, and shall not run programs on who opens a file
    (OWASP, CSV Injection).
    """
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA) else text
