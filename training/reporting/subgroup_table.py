"""The main figure of a model in every subgroup that is large enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation import resampled_binary as resampled
from training.evaluation.interval import Bools
from training.evaluation.resampling import Estimate, ratio
from training.evaluation.subgroups import MISSING, PATIENTS_NEEDED, Subgroup, subgroups
from training.reporting.bench import Bench
from training.reporting.cells import NOT_GIVEN, Cell, Form, count, figure, label
from training.reporting.tables import Table


@dataclass(frozen=True, kw_only=True)
class Main:
    """What is given by subgroup: how well the score orders, and predicted against observed."""

    score: str
    title: str
    event: str | None = None  #: of a yes-or-no outcome
    true: str | None = None  #: of a measured number
    risk: str | None = None  #: probability by the horizon
    horizon: float | None = None


def subgroup_table(benches: Sequence[Bench], main: Main, by: Sequence[str]) -> Table:
    """One row per cohort, column of `by` and label."""
    columns, judge = _judge(main)
    rows = []
    for bench in benches:
        for name in by:
            if name not in bench.cohort.groups:
                absent = [label("-")] * (len(columns) + 1)
                rows.append((label(bench.name), label(name), label(NOT_GIVEN), *absent))
                continue
            labels = bench.cohort.groups[name].tolist()
            found = sorted(subgroups({name: labels}, bench.cohort.patient_id), key=_order)
            rows += [_row(bench, group, len(columns), judge) for group in found]
    return Table(
        key="subgroups", title=f"Subgroups: {main.title}",
        columns=("cohort", "group", "value", "patients", *columns), rows=tuple(rows),
        notes=(f"Groups of fewer than {PATIENTS_NEEDED} patients are counted, not judged.",),
    )  # fmt: skip


def _order(group: Subgroup) -> tuple[bool, int, str]:
    """Missing last; of bands ("< 50", "50 to < 65", ">= 80") the lowest first."""
    return group.label == MISSING, {"<": 0, ">": 2}.get(group.label[:1], 1), group.label


Judge = Callable[[Bench], list[Cell]]


def _row(bench: Bench, group: Subgroup, width: int, judge: Judge) -> tuple[Cell, ...]:
    inside = np.zeros(len(bench.cohort), np.bool_)
    inside[group.rows] = True
    head = (label(bench.name), label(group.column), label(group.label), count(group.patients))
    if not group.judged:
        return *head, *[label("too few")] * width
    return *head, *judge(bench.part(inside))


def _judge(main: Main) -> tuple[tuple[str, ...], Judge]:
    if main.true is not None:
        return ("n", "MAE", "bias"), lambda part: _number(part, main.score, str(main.true))
    if main.event is not None:
        event = main.event
        return ("events", "AUC", "mean predicted", "observed", "observed / predicted"), (
            lambda part: _binary(part, main.score, event)
        )
    return ("events", "C", "mean predicted", "observed", "observed / predicted"), lambda part: _survival(part, main)


def _binary(part: Bench, score: str, event: str) -> list[Cell]:
    rows = part.rows(score, event)
    p, y = part.column(score, rows), part.flag(event, rows)
    auc = part.auc(score, event, rows)
    shown = label(NOT_GIVEN) if auc is None else auc.cell()
    few = auc is None or auc.few
    seen = part.estimate(resampled.mean(y.astype(np.float64)), rows)
    return [count(int(y.sum())), shown, *_calibration(part.estimate(resampled.mean(p), rows), seen, few)]


def _survival(part: Bench, main: Main) -> list[Cell]:
    c = part.concordance(main.score)
    if c is None:
        return [label(NOT_GIVEN)] * 5
    cells = [count(c.events or 0), c.cell()]
    if main.risk is None or main.horizon is None or not part.has(main.risk, "time", "event"):
        return [*cells, *[label("-")] * 3]
    rows = part.rows(main.risk, "time", "event")
    seen = part.estimate(part.follow_up(rows).risk_at(main.horizon), rows)
    return [*cells, *_calibration(part.estimate(resampled.mean(part.column(main.risk, rows)), rows), seen, c.few)]


def _calibration(predicted: Estimate, seen: Estimate, few: bool) -> list[Cell]:
    value = seen.value / predicted.value if predicted.value > 0 else float("nan")
    over = Estimate(value=value, drawn=ratio(seen.drawn, predicted.drawn))
    return [
        figure(predicted, Form.PERCENT), figure(seen, Form.PERCENT, few=few), figure(over, Form.TWO, few=few)
    ]  # fmt: skip


def _number(part: Bench, found: str, true: str) -> list[Cell]:
    rows: Bools = part.rows(found, true)
    off = part.column(found, rows) - part.column(true, rows)
    return [
        count(off.size), figure(part.estimate(resampled.mean(np.abs(off)), rows), Form.TWO),
        figure(part.estimate(resampled.mean(off), rows), Form.TWO),
    ]  # fmt: skip
