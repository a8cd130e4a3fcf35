"""docs/scale.md."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.scale.measure import Timed


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A database that was measured."""

    name: str  #: e.g. "PostgreSQL 15"
    rows: Mapping[str, int]  #: by table
    gigabytes: float
    fill_seconds: float
    loads: tuple[float, float]  #: of the machine, when the questions began and when they ended
    timed: Sequence[Timed]


def machine() -> str:
    """What it ran on."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}"
    )


def section(filled: Filled) -> str:
    """One database: how large it is, and a table of what was asked."""
    rows = sorted(filled.rows.items(), key=lambda item: -item[1])
    told = ", ".join(f"{number:,} {table.replace('_', ' ')}" for table, number in rows if number >= 1000)
    lines = [
        f"## {filled.name}",
        "",
        f"{told}: {filled.gigabytes:.1f} GB, filled in {filled.fill_seconds / 60:.0f} minutes. The machine's load was"
        f" {filled.loads[0]:.1f} when the questions began and {filled.loads[1]:.1f} when they ended.",
        "",
        "| by | what | median, ms | 95 %, ms | longest, ms | tables read as a whole |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for item in filled.timed:
        whole = ", ".join(f"`{table}`" for table in sorted({scan.table for scan in item.scans})) or "none"
        times = f"{item.median:.1f} | {item.p95:.1f} | {item.longest:.1f}"
        lines.append(f"| {item.verb.group} | {item.verb.name} | {times} | {whole} |")
    return "\n".join(lines)


def page(sections: Sequence[str], runs: int) -> str:
    """The page."""
    return "\n\n".join([_TOP.format(machine=machine(), runs=runs), *sections]) + "\n"


_TOP = """# At the size of a hospital network

Made by `python -m benchmarks.scale --write docs/scale.md`: a database is filled with a year of a network of hospitals
(`benchmarks/scale`), and what the node asks of it is asked by the product's own code, {runs} times each, with other
arguments each time. Most jobs are inferred and most deliveries committed; thousands wait, are at work, have failed or
are held. Writes are committed and flushed to the disk. A table that is read as a whole is told from the plan.

Measured on {machine}. Both servers run with their default settings.

Numbers in `opportune status` are exact and of one moment: triggers add a line for each change, and the reconciler puts
many together ([adr/0017](adr/0017-numbers-are-kept-not-counted.md)). What waits has an index of its own on PostgreSQL,
which holds nothing else. `tests/db/test_plans.py` holds the plans."""
