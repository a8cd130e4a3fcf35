"""Tables of a probability of a yes-or-no outcome: calibration, operating points, distance from the oracle."""

from collections.abc import Mapping, Sequence

import numpy as np

from training.evaluation import resampled_binary as resampled
from training.evaluation.calibration import calibration_error
from training.evaluation.interval import Bools, Floats, Interval
from training.evaluation.lowess import lowess
from training.evaluation.operating import Share, operating_point, youden
from training.evaluation.resampling import Estimate
from training.reporting.bench import Bench, Measured, cell_of
from training.reporting.cells import Cell, Form, count, figure, label
from training.reporting.tables import Table

Names = Mapping[str, str]  #: column of the scored cohort -> what the table calls it


def calibration_table(benches: Sequence[Bench], probabilities: Names, event: str) -> Table:
    """Slope, intercept, calibration in the large, mean predicted against observed, error, Brier."""
    columns = (
        "cohort", "probability", "mean predicted", "observed", "slope", "intercept", "in the large", "ICI", "Brier",
    )  # fmt: skip
    rows = []
    for bench in benches:
        for name, title in probabilities.items():
            if bench.has(name, event):
                rows.append((label(bench.name), label(title), *_calibrated(bench, name, event)))
    return Table(
        key="calibration", title="Calibration", columns=columns, rows=tuple(rows),
        notes=(
            "Perfect: slope 1, intercept 0, in the large 0 (positive: predictions too low).",
            "ICI: mean absolute distance of the prediction from the smoothed observed share (lowess); no interval.",
        ),
    )  # fmt: skip


def _calibrated(bench: Bench, name: str, event: str) -> list[Cell]:
    rows = bench.rows(name, event)
    p, y = np.clip(bench.column(name, rows), 0, 1), bench.flag(event, rows)
    cells = [
        bench.of_binary(resampled.mean(p), event, rows, Form.PERCENT).cell(),
        bench.of_binary(resampled.mean(y.astype(np.float64)), event, rows, Form.PERCENT).cell(),
    ]
    cells += [
        bench.of_binary(resampled.calibration(p, y, parameter), event, rows, Form.TWO).cell()
        for parameter in ("slope", "intercept", "in_the_large")
    ]
    ici = calibration_error(p, np.clip(lowess(p, y.astype(np.float64)), 0, 1)).ici
    brier = bench.of_binary(resampled.mean((p - y) ** 2), event, rows)
    return [*cells, Cell(value=ici), brier.cell()]


OPERATING_COLUMNS = ("threshold", "TP", "FP", "FN", "TN", "sensitivity", "specificity", "PPV", "NPV")


def operating_cells(bench: Bench, called: Bools, event: str, rows: Bools, threshold: float) -> list[Cell]:
    """Counts, then shares with bootstrap intervals; Wilson's go to results.json."""
    y = bench.flag(event, rows)
    point = operating_point(called, y)
    counts = (point.true_positive, point.false_positive, point.false_negative, point.true_negative)
    shares = (
        (point.sensitivity, called, y), (point.specificity, ~called, ~y), (point.ppv, y, called),
        (point.npv, ~y, ~called),
    )  # fmt: skip
    return [
        Cell(value=threshold) if np.isfinite(threshold) else label("above all"), *map(count, counts),
        *(
            _share(bench.of_binary(resampled.share(hits, among), event, rows), wilson) for wilson, hits, among in shares
        ),
    ]  # fmt: skip


def _share(measured: Measured, wilson: Share) -> Cell:
    found: Interval | None = wilson.interval
    further = {} if found is None else {"wilson_low": found.low, "wilson_high": found.high}
    return figure(measured.estimate, few=measured.few, further=further | {"of": float(wilson.total)})


def operating_table(benches: Sequence[Bench], scores: Names, event: str) -> Table:
    """Each score at Youden's threshold."""
    rows = []
    for bench in benches:
        for name, title in scores.items():
            if not bench.has(name, event):
                continue
            inside = bench.rows(name, event)
            s, y = bench.column(name, inside), bench.flag(event, inside)
            if y.any() and not y.all():
                threshold = youden(s, y)
                cells = operating_cells(bench, s >= threshold, event, inside, threshold)
                rows.append((label(bench.name), label(title), *cells))
    return Table(
        key="operating_points", title="Operating points by Youden's index",
        columns=("cohort", "score", *OPERATING_COLUMNS), rows=tuple(rows),
        notes=("The threshold was chosen on the cohort that it is judged on: it flatters.",),
    )  # fmt: skip


def oracle_table(pairs: Sequence[tuple[str, Measured | None, Measured | None]], measure: str) -> Table | None:
    """(cohort, model, oracle): how much of what can be known the model knows; None where there is no oracle."""
    rows = []
    for name, model, oracle in pairs:
        if model is not None and oracle is not None:
            share = efficiency(model.estimate, oracle.estimate)
            rows.append((label(name), cell_of(model), cell_of(oracle), figure(share, Form.TWO)))
    if not rows:
        return None
    return Table(
        key="oracle", title="Against the simulator's oracle", columns=("cohort", measure, "oracle", "efficiency"),
        rows=tuple(rows),
        notes=(
            "The oracle scores with the typed-in hazard without frailty: no model can do better, save by chance.",
            "Efficiency: (model - 0.5) / (oracle - 0.5). It says how well the simulator was learned, nothing else.",
        ),
    )  # fmt: skip


def efficiency(model: Estimate, oracle: Estimate) -> Estimate:
    """(model - 0.5) / (oracle - 0.5) on every draw, NaN where the oracle has no more than 0.5."""

    def over(a: Floats, b: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(b > 0.5, (a - 0.5) / (b - 0.5), np.nan)

    return Estimate(
        value=float(over(np.array(model.value), np.array(oracle.value))), drawn=over(model.drawn, oracle.drawn)
    )
