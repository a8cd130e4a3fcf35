"""Reads clinical context from CSV."""

import csv
from pathlib import Path

from db.context import ContextItem
from screening.codes import CodedName
from screening.context_items import ITEMS
from screening.errors import ScreeningError

COLUMNS = ("patient_id", "issuer", "name", "value", "code", "meaning")


class WrongLine(ScreeningError):
    """A line of the file is wrong: its number and what is allowed, never the patient."""


def read_context(path: Path) -> list[ContextItem]:
    """Every line of the file, checked.

    Raises
    ------
    WrongLine
        If the file is no CSV with the known columns, or a line is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            unknown = sorted(set(reader.fieldnames or ()) - set(COLUMNS))
            if unknown or "patient_id" not in (reader.fieldnames or ()):
                raise WrongLine(
                    f"{path.name} line 1: columns must be patient_id and any of {', '.join(COLUMNS[1:])}"
                    + (f"; not known: {', '.join(unknown)}" if unknown else "")
                )
            return [_item(path, reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as exc:
        raise WrongLine(f"{path.name} is not a CSV file in UTF-8: {type(exc).__name__}") from None


def _item(path: Path, line: int, row: dict[str, str | None]) -> ContextItem:
    cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
    try:
        value = float(cells["value"]) if cells["value"] else None
        _check(cells["name"], value)
        return ContextItem(
            patient_id=cells["patient_id"],
            issuer_of_patient_id=cells["issuer"],
            name=cells["name"],
            value=value,
            diagnosis=_diagnosis(cells["code"], cells["meaning"]) if cells["code"] else None,
        )
    except ValueError as exc:
        raise WrongLine(f"{path.name} line {line}: {exc}; nothing was imported") from None


def _check(name: str, value: float | None) -> None:
    """A name that no model knows would be kept and never read: the patient's item would silently count as unknown."""
    if not name:
        return
    if name not in ITEMS:
        raise ValueError(f"no item is called {name!r}; there are {', '.join(ITEMS)}")
    objection = None if value is None else ITEMS[name].objection(value)
    if objection is not None:
        raise ValueError(f"{name} {objection}")


def _diagnosis(code: str, meaning: str) -> CodedName:
    scheme, colon, value = code.partition(":")
    if not colon:
        raise ValueError(f"code must be SCHEME:VALUE, e.g. SCT:233604007, got {code!r}")
    return CodedName(scheme=scheme, value=value, meaning=meaning or value)
