"""How commands speak: tables for people on stdout, JSON for programs, progress on stderr when it is a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from screening.printable import printable, printable_lines

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="How many at most")]


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error for what no program shall read."""
    return Console(stderr=stderr)


def print_json(values: object) -> None:
    """Print JSON on standard output, dates as ISO 8601."""
    written = json.dumps(values, indent=2, default=str, ensure_ascii=False)
    # JSON leaves in what a terminal would obey, and surrogates that no stream takes; all of it lies within strings
    shown = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in written)
    sys.stdout.write(shown + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table, its texts on one line and never as markup; an empty one says so."""
    title = printable(title)
    table = Table(title=Text(title), title_justify="left", title_style="bold", header_style="bold", expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text("" if value is None else printable(str(value))) for value in row))
        count += 1
    console().print(table if count else Text(f"{title}: none"))


def say_if_cut(count: int, limit: int) -> None:
    """Say on stderr that a list may be longer than what was asked for."""
    if count >= limit:
        Console(stderr=True).print(f"opportune: the first {count}; --limit N shows more", highlight=False)


def progress() -> Progress:
    """A progress bar on stderr, silent when stderr is no terminal."""
    stderr = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=stderr,
        disable=not stderr.is_terminal,
    )


def fail(message: str, status: int = 1) -> typer.Exit:
    """Say what failed on stderr; to be raised."""
    Console(stderr=True).print(f"opportune: {printable_lines(message)}", style="red", highlight=False, markup=False)
    return typer.Exit(status)
