"""Plots of a predicted number: against the true one, and Bland and Altman's."""

from pathlib import Path

import numpy as np

from training.evaluation.regression import bland_altman, errors
from training.reporting.bench import Bench
from training.reporting.drawing import COLOURS, GREY, legend, plot

PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
SEXES = (("M", "male", COLOURS[0]), ("F", "female", COLOURS[1]), ("", "sex not known", COLOURS[2]))


def scatter(path: Path, bench: Bench, found: str, true: str, unit: str) -> None:
    """Predicted against true, with the line of equals."""
    rows = bench.rows(found, true)
    p, t = bench.column(found, rows), bench.column(true, rows)
    mae = errors(p, t).mae
    with plot(path, f"Predicted and true, {bench.name} (MAE {mae:.1f} {unit})", across=f"true, {unit}",
              up=f"predicted, {unit}") as axes:  # fmt: skip
        ends = [min(float(p.min()), float(t.min())), max(float(p.max()), float(t.max()))]
        axes.plot(ends, ends, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        for _, title, colour, inside in _sexes(bench, rows):
            axes.plot(t[inside], p[inside], ".", color=colour, markersize=4, alpha=0.5, label=title)
        axes.set_aspect("equal")
        legend(axes, "upper left")


def agreement(path: Path, bench: Bench, found: str, true: str, unit: str) -> None:
    """Difference against mean, with bias and limits of agreement."""
    rows = bench.rows(found, true)
    p, t = bench.column(found, rows), bench.column(true, rows)
    with plot(path, f"Bland and Altman, {bench.name}", across=f"mean of predicted and true, {unit}",
              up=f"predicted - true, {unit}", size=(6.4, 4.6)) as axes:  # fmt: skip
        for _, title, colour, inside in _sexes(bench, rows):
            axes.plot(((p + t) / 2)[inside], (p - t)[inside], ".", color=colour, markersize=4, alpha=0.5, label=title)
        if p.size > 1:
            lines = bland_altman(p, t)
            for line, said in ((lines.bias, "bias"), (lines.lower_limit, "-1.96 SD"), (lines.upper_limit, "+1.96 SD")):
                axes.axhspan(line.low, line.high, color=GREY, alpha=0.15, linewidth=0)
                axes.axhline(line.value, color=GREY, linewidth=0.9)
                axes.annotate(f"{said} {line.value:.1f}", (1, line.value), xycoords=("axes fraction", "data"),
                              xytext=(-3, 3), textcoords="offset points", ha="right", fontsize=8,
                              bbox=PAPER)  # fmt: skip
        legend(axes, "upper left")


def _sexes(bench: Bench, rows: np.ndarray) -> list[tuple[str, str, str, np.ndarray]]:
    labels = bench.cohort.groups.get("sex")
    here = np.full(int(rows.sum()), "") if labels is None else labels[rows]
    told = np.where(np.isin(here, ("M", "F")), here, "")
    return [(*sex, told == sex[0]) for sex in SEXES if (told == sex[0]).any()]
