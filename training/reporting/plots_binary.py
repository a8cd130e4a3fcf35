"""Plots of a probability of a yes-or-no outcome: ROC, calibration, decision curve."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from training.evaluation.calibration import bins
from training.evaluation.decision_curve import decision_curve
from training.evaluation.discrimination import roc_curve
from training.evaluation.interval import Floats
from training.evaluation.lowess import lowess
from training.evaluation.operating import share
from training.reporting.bench import Bench
from training.reporting.drawing import COLOURS, GREY, diagonal, legend, plot

MOST_MARKS = 12  # distinct values of a score that is drawn with marks: CURB-65 has six


def roc(path: Path, bench: Bench, scores: Mapping[str, str], event: str) -> None:
    """One curve per score; a score of few values as marks joined by lines."""
    with plot(path, f"ROC, {bench.name}", across="1 - specificity", up="sensitivity") as axes:
        diagonal(axes)
        for colour, (name, title) in zip(COLOURS, scores.items(), strict=False):
            measured = bench.auc(name, event)
            if measured is None or measured.delong is None:
                continue
            rows = bench.rows(name, event)
            curve = roc_curve(bench.column(name, rows), bench.flag(event, rows))
            mark = "o" if curve.threshold.size <= MOST_MARKS else ""
            axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=colour, linewidth=1.6, marker=mark,
                      markersize=4, label=f"{title}  {measured.cell()}")  # fmt: skip
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        legend(axes, "lower right")


def calibration(path: Path, bench: Bench, name: str, title: str, event: str) -> None:
    """Tenths of patients with Wilson intervals, the smoothed line, and where the predictions lie."""
    rows = bench.rows(name, event)
    p, y = np.clip(bench.column(name, rows), 0, 1), bench.flag(event, rows)
    groups = bins(p, y)
    top = min(1.0, 1.08 * max(float(np.quantile(p, 0.995)), *(_high(g.events, g.count) for g in groups)))
    with plot(path, f"Calibration of {title}, {bench.name}", across="predicted probability (grey: how many patients)",
              up="observed share") as axes:  # fmt: skip
        diagonal(axes, top)
        order = np.argsort(p)
        smooth = np.clip(lowess(p, y.astype(np.float64)), 0, 1)
        axes.plot(p[order], smooth[order], color=COLOURS[0], linewidth=1.6, label="smoothed (lowess)")
        x, seen = np.array([g.predicted for g in groups]), np.array([g.observed for g in groups])
        ends = [share(round(g.events), g.count).interval for g in groups]
        low = np.array([0.0 if e is None else e.low for e in ends])
        high = np.array([1.0 if e is None else e.high for e in ends])
        axes.errorbar(x, seen, yerr=np.clip([seen - low, high - seen], 0, None), fmt="o", color=COLOURS[1],
                      markersize=4, linewidth=1, label="tenths of the patients, 95 %")  # fmt: skip
        _rug(axes, p, top)
        axes.set(xlim=(0, top), ylim=(-0.06 * top, top), aspect="equal")
        legend(axes, "upper left")


def decisions(path: Path, bench: Bench, probabilities: Mapping[str, str], event: str) -> None:
    """Net benefit of treating by each probability, all, and none."""
    shown = {name: title for name, title in probabilities.items() if bench.has(name, event)}
    rows = bench.rows(*shown, event)
    y = bench.flag(event, rows)
    thresholds = np.linspace(0.01, min(0.6, max(0.3, 4 * float(y.mean()))), 80)
    with plot(path, f"Decision curve, {bench.name}", across="threshold probability", up="net benefit",
              size=(6.2, 4.4)) as axes:  # fmt: skip
        axes.axhline(0, color=GREY, linewidth=0.8, label="treat nobody")
        drawn = False
        for colour, (name, title) in zip(COLOURS, shown.items(), strict=False):
            curve = decision_curve(np.clip(bench.column(name, rows), 0, 1), y, thresholds.tolist())
            if not drawn:
                axes.plot(thresholds, [b.treat_all for b in curve], color=GREY, linewidth=1, linestyle=(0, (4, 3)),
                          label="treat all")  # fmt: skip
                drawn = True
            axes.plot(thresholds, [b.model for b in curve], color=colour, linewidth=1.6, label=title)
        best = float(y.mean())
        axes.set(xlim=(0, thresholds[-1]), ylim=(-0.25 * best, 1.1 * best))
        legend(axes, "upper right")


def _high(events: float, count: int) -> float:
    found = share(round(events), count).interval
    return 1.0 if found is None else found.high


def _rug(axes: Axes, p: Floats, top: float) -> None:
    """A histogram of the predictions below the axis."""
    counts, edges = np.histogram(p, bins=60, range=(0, top))
    height = 0.05 * top * counts / max(1, counts.max())
    axes.bar(edges[:-1], height, width=np.diff(edges), bottom=-0.055 * top, align="edge", color="#bbbbbb")
