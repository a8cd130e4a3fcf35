"""`python -m tests.faults`: inject every fault of the matrix and print what came of it. `make faults` runs it.

The whole matrix takes hours. It can be run in parts, each with `--json FILE`; `--of FILE FILE ...` makes their page.
"""

import argparse
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import archive, disk, inputs, kills, servers
from tests.faults.bench import Servers
from tests.faults.matrix import Case, Effort, Outcome, Row, SharedBench
from tests.faults.page import figure, heading, line, page
from tests.faults.parts import Part, keep, read, together

ROWS: tuple[Row, ...] = (*kills.ROWS, *servers.ROWS, *archive.ROWS, *disk.ROWS, *inputs.ROWS)


def run(
    rows: Sequence[Row], effort: Effort, folder: Path, modes: Sequence[str] = ("embedded", "production")
) -> Iterator[Outcome]:
    """Run rows in their modes, one after the other; one that fails does not stop the others."""
    with ExitStack() as stack:
        throw_away = Servers(folder=folder, stack=stack)
        shared = SharedBench(folder=folder)
        stack.callback(shared.close)
        for mode in modes:
            for row in rows:
                if mode in row.modes:
                    case = Case(
                        mode=mode, effort=effort, folder=folder / f"row-{row.number}-{mode}", servers=throw_away,
                        shared=shared,
                    )  # fmt: skip
                    yield _run(row, case)
            shared.drop(mode)


def _run(row: Row, case: Case) -> Outcome:
    try:
        row.run(case)
    except Exception as exc:
        traceback.print_exc()
        return case.outcome(row, f"{type(exc).__name__}: {str(exc).splitlines()[0] if str(exc) else 'no detail'}")
    return case.outcome(row, None)


def chosen(numbers: str | None, *, short: bool) -> list[Row]:
    """The rows asked for: numbers separated by commas, `20` for all letters of 20."""
    rows = [row for row in ROWS if row.short or not short]
    if numbers is None:
        return rows
    wanted = set(numbers.split(","))
    return [row for row in ROWS if row.number in wanted or row.number.rstrip("abcdefghijkl") in wanted]


def missing(outcomes: Sequence[Outcome]) -> list[str]:
    """Rows of the whole matrix that are not among these outcomes, with their mode."""
    found = {(outcome.mode, outcome.number) for outcome in outcomes}
    return [f"{row.number} {mode}" for row in ROWS for mode in row.modes if (mode, row.number) not in found]


def machine() -> str:
    """What it ran on."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" load {load:.1f}, Python {platform.python_version()}"
    )


def _run_and_print(options: argparse.Namespace) -> Iterator[Outcome]:
    effort = Effort(kills=options.kills, random=options.random, minutes=options.minutes, judge_times=not options.busy)
    if options.short:
        effort = Effort(kills=1, random=5, minutes=0.1, judge_times=False)
    part = Part(machine(), [])
    print(heading(), flush=True)
    with tempfile.TemporaryDirectory(prefix="opportune-faults-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        modes = (options.mode,) if options.mode else ("embedded", "production")
        for outcome in run(chosen(options.rows, short=options.short), effort, folder, modes):
            part.outcomes.append(outcome)
            print(line(outcome), flush=True)
            if options.json:
                keep(options.json, part)
            yield outcome


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few rows, once each")
    parser.add_argument("--kills", type=int, default=20, help="kills at each named step")
    parser.add_argument("--random", type=int, default=500, help="kills at random moments")
    parser.add_argument("--minutes", type=float, default=10, help="length of the soak")
    parser.add_argument("--busy", action="store_true", help="the machine does other work: hold no time to its limit")
    parser.add_argument("--rows", help="only these, e.g. 1,2,20")
    parser.add_argument("--mode", choices=("embedded", "production"), help="only this mode")
    parser.add_argument("--write", type=Path, help="write the page, e.g. docs/faults.md")
    parser.add_argument("--json", type=Path, help="write the outcomes as JSON, after each row")
    parser.add_argument("--of", type=Path, nargs="+", default=[], help="run nothing, tell of these JSON files")
    parser.add_argument("--keep", type=Path, help="folder for data and logs; a temporary one by default")
    options = parser.parse_args()
    parts = [read(path) for path in options.of] or [Part(machine(), list(_run_and_print(options)))]
    outcomes = together(parts, [row.number for row in ROWS])
    print(figure(outcomes))
    if options.write:
        options.write.write_text(page(outcomes, [part.machine for part in parts], missing(outcomes)), encoding="utf-8")
    sys.exit(0 if outcomes and all(item.good for item in outcomes) else 1)


if __name__ == "__main__":
    main()
