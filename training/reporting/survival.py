"""Tables of risks by a horizon in censored data: discrimination, calibration, Brier score."""

from collections.abc import Mapping, Sequence

import numpy as np

from training.evaluation.calibration_at import calibration_at
from training.evaluation.resampling import difference, p_of_zero
from training.reporting.bench import Bench, Measured, cell_of
from training.reporting.cells import Cell, Form, figure, label, p_value
from training.reporting.tables import Table

CHOSEN_YEARS = 5.0  # Uno's tau where the model has no later horizon
BRIER_NOTE = "Brier score and calibration use censoring weights (Graf 1999; Gerds and Schumacher 2006)."


def calibration_table(benches: Sequence[Bench], risks: Mapping[float, str]) -> Table:
    """One row per cohort and horizon; `risks`: column of the scored cohort by horizon in years."""
    columns = ("cohort", "by", "mean predicted", "observed", "slope", "intercept", "in the large", "ICI over tenths",
               "Brier")  # fmt: skip
    rows = []
    for bench in benches:
        for horizon, name in risks.items():
            if bench.has(name, "time", "event"):
                rows.append((label(bench.name), label(f"{horizon:g} y"), *_calibrated(bench, name, horizon)))
    return Table(
        key="calibration", title="Calibration by horizon", columns=columns, rows=tuple(rows),
        notes=(
            "Perfect: slope 1, intercept 0, in the large 0 (positive: predictions too low).",
            "Observed: 1 - Kaplan and Meier. ICI: mean absolute distance of predicted from observed risk in ten groups;"
            " no interval.",
            BRIER_NOTE,
        ),
    )  # fmt: skip


def _calibrated(bench: Bench, name: str, horizon: float) -> list[Cell]:
    rows = bench.rows(name, "time", "event")
    risk = np.clip(bench.column(name, rows), 0, 1)
    observed = figure(bench.estimate(bench.follow_up(rows).risk_at(horizon), rows), Form.PERCENT)
    cells = [
        figure(bench.estimate(lambda weights: weights @ risk / weights.sum(1), rows), Form.PERCENT), observed,
        *(cell_of(bench.at(what, name, horizon)) for what in ("slope", "intercept", "in_the_large")),
    ]  # fmt: skip
    try:
        error = calibration_at(bench.column("time", rows), bench.flag("event", rows), risk, horizon).error
        cells.append(Cell(value=error))
    except ValueError:  # nobody with an event by the horizon, or nobody followed beyond it
        cells.append(label("does not exist"))
    return [*cells, cell_of(bench.at("brier", name, horizon))]


def concordance_table(benches: Sequence[Bench], scores: Mapping[str, str], tau: float) -> Table:
    """Harrell's and Uno's C of each score that the cohort has."""
    rows = []
    for bench in benches:
        rows += [
            (label(bench.name), label(title), cell_of(bench.concordance(name)), cell_of(bench.uno(name, tau)))
            for name, title in scores.items()
            if bench.has(name, "time", "event")
        ]
    return Table(
        key="concordance", title="Concordance over the whole follow-up",
        columns=("cohort", "score", "Harrell's C", f"Uno's C before {tau:g} y"), rows=tuple(rows),
        notes=("Uno's C does not depend on how long patients were followed; Harrell's does.",),
    )  # fmt: skip


def compared(first: Measured | None, second: Measured | None, form: Form = Form.SHARE) -> tuple[Cell, Cell]:
    """Difference of two statistics of the same rows, and its p, by the paired bootstrap."""
    if first is None or second is None:
        return label("-"), label("-")
    gap = difference(first.estimate, second.estimate)
    return figure(gap, form, few=first.few or second.few), p_value(p_of_zero(gap))
