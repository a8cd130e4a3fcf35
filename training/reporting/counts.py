"""Who is in a cohort, and what must stand above figures from few events."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from training.evaluation.kaplan_meier import kaplan_meier
from training.evaluation.subgroups import banner, banner_of
from training.reporting.bench import Bench
from training.reporting.cells import Cell, Form, count, figure, label
from training.reporting.tables import Table

BAD_SHOWN = 200  # rows listed in table.md; all are in results.json
OUTCOMES = ("died", "fracture")  # yes-or-no outcomes beside censored ones


def count_table(benches: Sequence[Bench], horizons: Sequence[float]) -> Table:
    """One row per cohort: rows, patients, bad rows, events; with follow-up, events and censored by each horizon."""
    survival = all("time" in bench.cohort.values for bench in benches)
    columns = ["cohort", "rows", "patients", "rows left out"]
    columns += [f"outcome {name}" for name in _outcomes(benches)]
    if survival:
        columns += ["events", "median follow-up, years"]
        for h in horizons:
            columns += [f"events by {h:g} y", f"censored before {h:g} y", f"risk by {h:g} y"]
    rows = []
    for bench in benches:
        cohort = bench.cohort
        row = [label(bench.name), count(len(cohort)), count(bench.resamples.patients), count(len(cohort.bad))]
        row += [_flagged(bench, name) for name in _outcomes(benches)]
        if survival:
            row += _followed(bench, horizons)
        rows.append(tuple(row))
    notes = ("Median follow-up: Kaplan and Meier with censoring as the event. Risk: 1 - Kaplan and Meier.",)
    return Table(
        key="counts", title="Who was evaluated", columns=tuple(columns), rows=tuple(rows),
        notes=notes if survival else (),
    )  # fmt: skip


def banners(bench: Bench) -> tuple[str, ...]:
    """What must be said before any figure of the cohort."""
    said = []
    if "event" in bench.cohort.values:
        events = int(np.nansum(bench.cohort.values["event"]))
        said.append(banner(events))
    said += [banner_of(bench.flag(name, bench.rows(name))) for name in OUTCOMES if bench.has(name)]
    return tuple(f"{bench.name}: {text}" for text in said if text)


def bad_table(benches: Sequence[Bench]) -> Table | None:
    """Every row that was left out and why; None if none was."""
    found = [(bench.name, row) for bench in benches for row in bench.cohort.bad]
    if not found:
        return None
    rows = [
        (label(name), count(row.line), label("; ".join(f"{column} {said}" for column, said in row.faults)))
        for name, row in found[:BAD_SHOWN]
    ]
    tally = Counter(column for _, row in found for column in {column for column, _ in row.faults})
    notes = [f"{number} by {column}" for column, number in sorted(tally.items())]
    if len(found) > BAD_SHOWN:
        notes.append(f"the first {BAD_SHOWN} of {len(found)}; all are in results.json")
    return Table(
        key="rows_left_out", title=f"Rows left out: {len(found)}", columns=("cohort", "line", "why"), rows=tuple(rows),
        notes=tuple(notes),
    )  # fmt: skip


def _outcomes(benches: Sequence[Bench]) -> list[str]:
    return [name for name in OUTCOMES if any(name in bench.cohort.values for bench in benches)]


def _flagged(bench: Bench, name: str) -> Cell:
    if not bench.has(name):
        return label("not known")
    y = bench.flag(name, bench.rows(name))
    return label(f"{int(y.sum())} of {y.size} ({100 * y.mean():.1f} %)")


def _followed(bench: Bench, horizons: Sequence[float]) -> list[Cell]:
    rows = bench.rows("time", "event")
    time, event = bench.column("time", rows), bench.flag("event", rows)
    follow = bench.follow_up(rows)
    cells = [count(int(event.sum())), _median(time, event)]
    for h in horizons:
        by, censored = int((event & (time <= h)).sum()), int((~event & (time <= h)).sum())
        cells += [count(by), count(censored), figure(bench.estimate(follow.risk_at(h), rows), Form.PERCENT)]
    return cells


def _median(time: np.ndarray, event: np.ndarray) -> Cell:
    curve = kaplan_meier(time, ~event)
    below = np.flatnonzero(curve.survival <= 0.5)
    return Cell(value=float(curve.time[below[0]]), form=Form.TWO) if below.size else label("not reached")
