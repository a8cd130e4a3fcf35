"""How much the node does and how long it takes: a table, and the same numbers for the charts above it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dashboard.api.answers import answer, refuse
from dashboard.ask import Ask, page
from dashboard.windows import SPANS, Window, window
from db import throughput, turnaround
from db.engine import database_now, transaction
from db.throughput import Amounts
from db.turnaround import Quantiles, Times


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """All numbers of a window."""

    window: Window
    amounts: list[Amounts]
    times: Times

    @property
    def total(self) -> Amounts:
        """Of all bars."""
        return Amounts(
            studies=sum(item.studies for item in self.amounts),
            jobs=sum(item.jobs for item in self.amounts),
            objects=sum(item.objects for item in self.amounts),
        )


def show(ask: Ask) -> Response:
    """The page. It works without JavaScript, which only draws what the table says."""
    wrong, figures = "", None
    try:
        figures = _figures(ask)
    except ValueError as exc:
        wrong = str(exc)
    values: dict[str, Any] = {"figures": figures, "spans": list(SPANS), "wrong": wrong[:1].upper() + wrong[1:]}
    return page(ask, "charts.html", status=422 if wrong else 200, **values)


def data(ask: Ask) -> Response:
    """The numbers as JSON: a list of each, one item a bar; lengths of time in seconds, null where nothing was timed."""
    try:
        figures = _figures(ask)
    except ValueError as exc:
        return refuse(422, str(exc))
    took = figures.times.took
    return answer(
        {
            "labels": figures.window.labels,
            "bounds": [at.isoformat() for at in figures.window.bounds],
            "studies": [item.studies for item in figures.amounts],
            "jobs": [item.jobs for item in figures.amounts],
            "objects": [item.objects for item in figures.amounts],
            "stored": _lists([item.stored for item in took]),
            "waited": _lists([item.waited for item in took]),
            "every": figures.times.every,
        }
    )


def _figures(ask: Ask) -> Figures:
    with transaction(ask.parts.sessions, read_only=True) as s:
        which = window(ask.query, database_now(s))
        return Figures(
            window=which, amounts=throughput.amounts(s, which.bounds), times=turnaround.times(s, which.bounds)
        )


def _lists(items: list[Quantiles | None]) -> dict[str, list[float | None]]:
    return {
        "p50": [None if item is None else round(item.p50, 3) for item in items],
        "p95": [None if item is None else round(item.p95, 3) for item in items],
    }
