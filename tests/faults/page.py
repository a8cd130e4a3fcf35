"""The outcomes as a table: on the screen, and as a page of the documentation."""

from collections.abc import Sequence

from tests.faults.matrix import Outcome

HEAD = ("#", "fault", "mode", "runs", "acknowledged", "lost", "duplicates", "recovery s", "")

INTRODUCTION = """# Faults

Made by `make faults`, which injects each fault into a real node (its own processes, PostgreSQL, Redis, a PACS double).
After each run it asks: does every object that was acknowledged have a row and a file with the same SHA-256; is there
at most one result for each key; does the PACS hold each result once, with one content; is there no file without a row.
A letter marks one of several faults under a number. The model is a toy, and three of the
reconciler's waits, minutes in service, are seconds here.

"lost" counts acknowledged objects without their bytes and results that the PACS was believed to have. "recovery s" is
the longest time from the restart, or from the end of the fault, until everything was screened and delivered; in row
1-18, from the last of ten kills until what somebody had in hand at it was.
"""


def cells(outcome: Outcome) -> tuple[str, ...]:
    """One row of the table."""
    seconds = "" if outcome.recovery_seconds is None else f"{outcome.recovery_seconds:.1f}"
    return (
        outcome.number, outcome.fault, outcome.mode, str(outcome.runs), str(outcome.acknowledged), str(outcome.lost),
        str(outcome.duplicates), seconds, "ok" if outcome.good else f"FAILED: {outcome.failure}",
    )  # fmt: skip


def line(outcome: Outcome) -> str:
    """One row for the screen."""
    number, fault, mode, *rest, verdict = cells(outcome)
    return f"{number:5s} {fault[:64]:64s} {mode:10s} " + " ".join(f"{cell:>6s}" for cell in rest) + f"  {verdict}"


def heading() -> str:
    """The line above the rows on the screen."""
    return f"{'#':5s} {'fault':64s} {'mode':10s}   runs  acked   lost  twice  rec. s"


def figure(outcomes: Sequence[Outcome]) -> str:
    """The sentence that the README quotes."""
    runs, acknowledged = sum(item.runs for item in outcomes), sum(item.acknowledged for item in outcomes)
    lost, twice = sum(item.lost for item in outcomes), sum(item.duplicates for item in outcomes)
    kinds = len({item.number for item in outcomes})
    worst = max((item.recovery_seconds or 0 for item in outcomes), default=0)
    return (
        f"{runs} faults of {kinds} kinds injected, {acknowledged} objects acknowledged: {lost} lost, {twice} results"
        f" twice; the longest recovery took {worst:.0f} s."
    )


def page(outcomes: Sequence[Outcome], machines: Sequence[str], missing: Sequence[str] = ()) -> str:
    """The page. machines: what the parts ran on; missing: rows that did not run."""
    rows = [(*cells(item)[:2], item.expected, *cells(item)[2:]) for item in outcomes]
    head = (*HEAD[:2], "expected", *HEAD[2:])
    table = [head, tuple("---" for _ in head), *rows]
    lines = ["| " + " | ".join(row) + " |" for row in table]
    measured = "\n".join(f"- {machine}" for machine in machines)
    left = f"\n**Not run yet**: {', '.join(missing)}.\n" if missing else ""
    return f"{INTRODUCTION}\n{figure(outcomes)}\n{left}\nMeasured on\n\n{measured}\n\n" + "\n".join(lines) + "\n"
