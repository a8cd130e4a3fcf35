"""A site's cohort as a CSV file: one line per examination, checked cell by cell. Described in docs/cohort.md.

A bad row is left out and named by its line, its columns and what they allow. No message quotes a cell: cells are
patient data.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from screening.errors import ConfigurationError
from training.cohorts.columns import BadCell, Column, Kind, Value
from training.evaluation.interval import Floats

PATIENT = Column(name="patient_id", kind=Kind.TEXT, required=True)
IMAGES = Column(name="images", kind=Kind.TEXT, required=True)
TIME = Column(name="time", low=0, required=True)  # days from the examination to the event or the end of follow-up
EVENT = Column(name="event", kind=Kind.YES_NO, required=True)
TRUE_VALUE = Column(name="true_value", required=True)
BETWEEN_IMAGES = "|"
WHOLE_ROW = "row"  # stands for the column where no single one is at fault


class Outcome(StrEnum):
    """What the table says of what came to be, and the columns that say it."""

    SURVIVAL = "survival"  #: time, event
    EVENT = "event"  #: event
    VALUE = "value"  #: true_value

    @property
    def columns(self) -> tuple[Column, ...]:
        """Required columns of this outcome."""
        return {Outcome.SURVIVAL: (TIME, EVENT), Outcome.EVENT: (EVENT,), Outcome.VALUE: (TRUE_VALUE,)}[self]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Columns of a table beside patient_id and images: outcome and clinical ones it must have, the others it may."""

    outcome: Outcome
    clinical: tuple[Column, ...] = ()
    comparators: tuple[str, ...] = ()  #: scores to compare with: numbers, may be empty or not there
    groups: tuple[str, ...] = ()  #: to report separately: texts, may be empty or not there

    @property
    def columns(self) -> tuple[Column, ...]:
        """All of them, each name once, the first description of a name taken."""
        listed = (
            PATIENT, IMAGES, *self.outcome.columns, *self.clinical, *(Column(name=name) for name in self.comparators),
            *(Column(name=name, kind=Kind.TEXT) for name in self.groups),
        )  # fmt: skip
        return tuple({column.name: column for column in reversed(listed)}.values())[::-1]

    @property
    def required(self) -> frozenset[str]:
        """Names without which a file is no table of this kind."""
        needed = (PATIENT, IMAGES, *self.outcome.columns, *self.clinical)
        return frozenset(column.name for column in needed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One good row."""

    line: int  #: of the file, the header being line 1
    patient_id: str = field(repr=False)
    images: tuple[Path, ...] = field(repr=False)  #: files or folders
    values: Mapping[str, Value] = field(repr=False)  #: of every other column of the layout


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRow:
    """A row that was left out: its line, and each column at fault with what it allows."""

    line: int
    faults: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"line {self.line}: " + "; ".join(f"{column} {allowed}" for column, allowed in self.faults)


@dataclass(frozen=True, kw_only=True, slots=True)
class CohortTable:
    """A table as read."""

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]
    ignored: tuple[str, ...]  #: columns of the file that the layout does not name
    absent: tuple[str, ...] = ()  #: comparators and groups that the file has no column for

    @property
    def counts(self) -> dict[str, int]:
        """Rows read, kept and bad, patients kept, and bad rows by column at fault."""
        faults = Counter(column for row in self.bad for column in {name for name, _ in row.faults})
        whole = {
            "rows": len(self.rows) + len(self.bad), "kept": len(self.rows), "bad": len(self.bad),
            "patients": len({row.patient_id for row in self.rows}),
        }  # fmt: skip
        return whole | {f"bad_{column}": count for column, count in sorted(faults.items())}

    def patients(self) -> list[str]:
        """Patient of each kept row."""
        return [row.patient_id for row in self.rows]

    def numbers(self, name: str) -> Floats:
        """(N,) a column of numbers or of 0 and 1 over the kept rows; NaN where empty.

        Raises
        ------
        KeyError
            If the layout has no such column.
        TypeError
            If it is a column of text.
        """
        cells = [row.values[name] for row in self.rows]
        if any(isinstance(cell, str) for cell in cells):
            raise TypeError(f"{name} is a column of text")
        return np.array([np.nan if cell is None else float(cell) for cell in cells], np.float64)

    def labels(self, name: str) -> list[str | None]:
        """A column as text over the kept rows; None where empty.

        Raises
        ------
        KeyError
            If the layout has no such column.
        """
        return [None if row.values[name] is None else _label(row.values[name]) for row in self.rows]


def read_table(path: Path, layout: Layout, *, check_images: bool = True) -> CohortTable:
    """Read a cohort CSV: UTF-8, header in the first line, comma or semicolon, one line per row.

    Image paths are relative to the folder of the file. `check_images`: whether a path that does not exist makes a row
    bad. Of two rows with the same patient and images the later is bad, as is one that gives another patient's image.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, has no header, or lacks a column or has one twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").split("\n")
    except OSError as error:
        raise ConfigurationError(f"cohort table {path.name} cannot be read: {error.strerror}") from error
    delimiter, header = _header(path, lines, layout)
    reader = _Reader(layout, header, path.parent, check_images)
    rows, bad = [], []
    for number, cells in _cells(lines, delimiter):
        row = reader.read(number, cells)
        if isinstance(row, Row):
            rows.append(row)
        else:
            bad.append(row)
    named = {column.name for column in layout.columns}
    ignored = tuple(name for name in header if name and name not in named)
    absent = tuple(column.name for column in layout.columns if column.name not in header)
    return CohortTable(rows=tuple(rows), bad=tuple(bad), ignored=ignored, absent=absent)


class _Reader:
    """Reads row after row and remembers which images it has seen."""

    def __init__(self, layout: Layout, header: list[str], folder: Path, check_images: bool) -> None:
        self._columns = layout.columns
        self._header = header
        self._folder = folder
        self._check = check_images
        self._seen: dict[Path, tuple[str, int]] = {}

    def read(self, line: int, cells: list[str] | None) -> Row | BadRow:
        if cells is None:
            return BadRow(line=line, faults=((WHOLE_ROW, "must have balanced quotation marks"),))
        if len(cells) != len(self._header):
            said = f"must have {len(self._header)} cells as the header has, got {len(cells)}"
            return BadRow(line=line, faults=((WHOLE_ROW, said),))
        by_name = dict(zip(self._header, cells, strict=True))
        values: dict[str, Value] = {}
        faults = []
        for column in self._columns:
            try:
                values[column.name] = _read(column, by_name.get(column.name, ""))
            except BadCell as error:
                faults.append((column.name, str(error)))
        images = self._images(values.get(IMAGES.name), faults)
        if not faults:
            faults.extend(self._repeats(str(values[PATIENT.name]), images, line))
        if faults:
            return BadRow(line=line, faults=tuple(faults))
        others = {name: value for name, value in values.items() if name not in {PATIENT.name, IMAGES.name}}
        return Row(line=line, patient_id=str(values[PATIENT.name]), images=images, values=others)

    def _images(self, cell: Value, faults: list[tuple[str, str]]) -> tuple[Path, ...]:
        if not isinstance(cell, str):
            return ()
        names = [name.strip() for name in cell.split(BETWEEN_IMAGES)]
        if not all(names) or "\0" in cell:
            faults.append((IMAGES.name, f"must be paths with {BETWEEN_IMAGES} between them"))
            return ()
        paths = tuple(self._folder / name for name in names)
        missing = sum(not _exists(path) for path in paths) if self._check else 0
        if missing:
            faults.append((IMAGES.name, f"must be files or folders that exist, {missing} of {len(paths)} do not"))
        return paths

    def _repeats(self, patient: str, images: tuple[Path, ...], line: int) -> Iterator[tuple[str, str]]:
        known = [self._seen[path] for path in images if path in self._seen]
        for owner, first in known[:1]:
            whose = "must not be in two rows" if owner == patient else "must not belong to two patients"
            yield IMAGES.name, f"{whose}, see line {first}"
        if not known:
            self._seen.update(dict.fromkeys(images, (patient, line)))


def _header(path: Path, lines: list[str], layout: Layout) -> tuple[str, list[str]]:
    first = lines[0] if lines else ""
    delimiter = ";" if first.count(";") > first.count(",") else ","
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    twice = sorted(name for name, count in Counter(names).items() if count > 1 and name)
    lacking = [column.name for column in layout.columns if column.name in layout.required and column.name not in names]
    if lacking:  # first: in a file without a header, names would be a patient's cells
        raise ConfigurationError(f"cohort table {path.name} lacks the columns {', '.join(lacking)}")
    if twice:
        raise ConfigurationError(f"cohort table {path.name} has columns twice: {', '.join(twice)}")
    return delimiter, names


def _cells(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Line number and cells of each row that is not blank; None where quotation marks do not match.

    Each line is parsed alone, so that a forgotten quotation mark spoils one row and not the rest of the file.
    """
    for number, line in enumerate(lines[1:], 2):
        if not line.strip(f" \t{delimiter}"):
            continue
        try:
            yield number, next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            yield number, None


def _read(column: Column, cell: str) -> Value:
    if any("\udc80" <= character <= "\udcff" for character in cell):  # what surrogateescape made of other bytes
        raise BadCell("must be UTF-8 text")
    return column.read(cell)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for the file system, for example
        return False


def _label(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
