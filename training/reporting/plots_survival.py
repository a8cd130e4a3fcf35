"""Plots of censored outcomes: Kaplan-Meier by tertile, ROC, calibration and decision curve at a horizon."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from training.evaluation.calibration import quantile_groups
from training.evaluation.calibration_at import calibration_at
from training.evaluation.decision_curve import decision_curve_at
from training.evaluation.discrimination import roc_curve
from training.evaluation.interval import Floats, Ints
from training.evaluation.kaplan_meier import kaplan_meier, log_rank
from training.reporting.bench import Bench
from training.reporting.cells import Form, write
from training.reporting.drawing import COLOURS, GREY, diagonal, legend, plot

FIFTHS = 5
TERTILES = ("lowest third of risk", "middle third", "highest third")


def tertiles(path: Path, bench: Bench, name: str, title: str) -> None:
    """Event-free share of each third of the score, with intervals, numbers at risk in the legend."""
    rows = bench.rows(name, "time", "event")
    time, event, score = bench.column("time", rows), bench.flag("event", rows), bench.column(name, rows)
    groups = quantile_groups(score, 3)
    lowest = 1.0
    across = "years, and below patients at risk: lowest, middle, highest third"
    with plot(path, f"Event-free by thirds of {title}, {bench.name}", across=across, up="share without an event",
              size=(6.2, 4.6)) as axes:  # fmt: skip
        for colour, group in zip((COLOURS[2], COLOURS[4], COLOURS[1]), range(3), strict=True):
            inside = groups == group
            if not inside.any():
                continue
            curve = kaplan_meier(time[inside], event[inside])
            x = np.r_[0.0, curve.time]
            said = f"{TERTILES[group]}: {int(event[inside].sum())} events of {int(inside.sum())}"
            axes.step(x, np.r_[1.0, curve.survival], where="post", color=colour, linewidth=1.6, label=said)
            axes.fill_between(x, np.r_[1.0, curve.low], np.r_[1.0, curve.high], step="post", color=colour, alpha=0.15,
                              linewidth=0)  # fmt: skip
            lowest = min(lowest, float(curve.low.min()))
        if event.any() and np.unique(groups).size > 1:
            p = write(log_rank(time, event, groups).p, Form.P)
            axes.text(0.98, 0.98, f"log-rank p {p if p.startswith('<') else '= ' + p}", transform=axes.transAxes,
                      ha="right", va="top", fontsize=9)  # fmt: skip
        _at_risk(axes, time, groups)
        axes.set(xlim=(0, float(time.max())), ylim=(max(0.0, lowest - 0.05), 1.005))
        legend(axes, "lower left")


def _at_risk(axes: Axes, time: Floats, groups: Ints) -> None:
    """How many are still followed at each tick, under it."""
    step = max(1, round(float(time.max()) / 8))
    ticks = np.arange(0, float(time.max()), step)
    counts = [[int((time[groups == group] >= tick).sum()) for group in range(3)] for tick in ticks]
    axes.set_xticks(ticks, ["\n".join([f"{tick:g}", *map(str, row)]) for tick, row in zip(ticks, counts, strict=True)])


def roc_at(path: Path, bench: Bench, scores: Mapping[str, str], horizon: float) -> None:
    """ROC of the event by a horizon, those censored before it left out; the legend gives the weighted AUC."""
    with plot(path, f"ROC of an event within {horizon:g} years, {bench.name}", across="1 - specificity",
              up="sensitivity") as axes:  # fmt: skip
        diagonal(axes)
        for colour, (name, title) in zip(COLOURS, scores.items(), strict=False):
            measured = bench.auc_at(name, horizon)
            if measured is None:
                continue
            rows = bench.rows(name, "time", "event")
            time, event = bench.column("time", rows), bench.flag("event", rows)
            known = (time > horizon) | event
            y = event[known] & (time[known] <= horizon)
            if not y.any() or y.all():
                continue
            curve = roc_curve(bench.column(name, rows)[known], y)
            axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=colour, linewidth=1.6,
                      label=f"{title}  {measured.cell()}")  # fmt: skip
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        legend(axes, "lower right")


def calibration(path: Path, bench: Bench, risks: Mapping[float, str]) -> bool:
    """Fifths of predicted risk against 1 - Kaplan and Meier, one colour per horizon; False if no horizon has both."""
    found = []
    for horizon, name in risks.items():
        if not bench.has(name, "time", "event"):
            continue
        rows = bench.rows(name, "time", "event")
        risk: Floats = np.clip(bench.column(name, rows), 0, 1)
        time, event = bench.column("time", rows), bench.flag("event", rows)
        if (event & (time <= horizon)).any() and (time > horizon).any():
            found.append((horizon, calibration_at(time, event, risk, horizon, FIFTHS)))
    if not found:
        return False
    top = min(1.0, 1.05 * max(max(b.predicted, b.observed.high) for _, c in found for b in c.bins))
    with plot(path, f"Calibration, {bench.name}", across="predicted risk", up="observed (1 - Kaplan-Meier)") as axes:
        diagonal(axes, top)
        for colour, (horizon, one) in zip(COLOURS, found, strict=False):
            x = np.array([b.predicted for b in one.bins])
            seen = np.array([b.observed.value for b in one.bins])
            ends = np.array([[b.observed.value - b.observed.low, b.observed.high - b.observed.value] for b in one.bins])
            axes.errorbar(x, seen, yerr=np.clip(ends.T, 0, None), fmt="o", color=colour, markersize=4, linewidth=1,
                          label=f"within {horizon:g} years, fifths, 95 %")  # fmt: skip
        axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        legend(axes, "upper left")
    return True


def decisions(path: Path, bench: Bench, name: str, title: str, horizon: float) -> None:
    """Net benefit of treating by a risk within the horizon, all, and none."""
    rows = bench.rows(name, "time", "event")
    risk = np.clip(bench.column(name, rows), 0, 1)
    time, event = bench.column("time", rows), bench.flag("event", rows)
    whole = decision_curve_at(time, event, risk, horizon, [0.001])[0].treat_all
    thresholds = np.linspace(0.01, min(0.6, max(0.1, 3 * whole)), 60)
    curve = decision_curve_at(time, event, risk, horizon, thresholds.tolist())
    with plot(path, f"Decision curve at {horizon:g} years, {bench.name}", across="threshold probability",
              up="net benefit", size=(6.2, 4.4)) as axes:  # fmt: skip
        axes.axhline(0, color=GREY, linewidth=0.8, label="treat nobody")
        axes.plot(thresholds, [b.treat_all for b in curve], color=GREY, linewidth=1, linestyle=(0, (4, 3)),
                  label="treat all")  # fmt: skip
        axes.plot(thresholds, [b.model for b in curve], color=COLOURS[0], linewidth=1.6, label=title)
        axes.set(xlim=(0, thresholds[-1]), ylim=(-0.25 * whole, 1.1 * whole))
        legend(axes, "upper right")
