"""A table and its three forms: Markdown for people, CSV for spreadsheets, JSON for programs."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from training.reporting.cells import FEW, Cell

FEW_NOTE = f"{FEW} fewer than 20 events (or non-events): not interpretable."


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of cells under columns; the first column names the row.

    Raises
    ------
    ValueError
        If a row has not one cell per column, or a column's name is there twice.
    """

    key: str  #: in results.json
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"table {self.key} has a column twice")
        wrong = [len(row) for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"rows of table {self.key} must have {len(self.columns)} cells, got {wrong[0]}")

    @property
    def printed(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows as texts; beside a column of which something is published stands the published one."""
        published = [any(row[k].published for row in self.rows) for k in range(len(self.columns))]
        header, lines = [], [[] for _ in self.rows]  # type: tuple[list[str], list[list[str]]]
        for k, column in enumerate(self.columns):
            header += [column, f"{column}, published"] if published[k] else [column]
            for line, row in zip(lines, self.rows, strict=True):
                line += [str(row[k]), row[k].published] if published[k] else [str(row[k])]
        return header, lines

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Notes, with the one on few events where it is needed."""
        few = any(cell.few for row in self.rows for cell in row)
        return (*self.notes, FEW_NOTE) if few else self.notes

    def markdown(self) -> str:
        """Heading, table and notes."""
        header, lines = self.printed
        table = [_line(header), _line(["---"] * len(header)), *map(_line, lines)]
        notes = [f"- {note}" for note in self.all_notes]
        return "\n".join([f"## {self.title}", "", *table, *([""] if notes else []), *notes]) + "\n"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [{name: cell.plain for name, cell in zip(self.columns, row, strict=True)} for row in self.rows],
            "notes": list(self.all_notes),
        }


def to_csv(tables: Iterable[Table]) -> str:
    """All tables below each other, each under its title, a blank line between."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, table in enumerate(tables):
        if number:
            writer.writerow([])
        header, lines = table.printed
        writer.writerow([table.title])
        writer.writerows([header, *lines])
        writer.writerows([note] for note in table.all_notes)
    return text.getvalue()


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
