"""Kim 2023 (AJR): 30-day mortality from the radiograph, CURB-65, and both."""

from collections.abc import Sequence

import numpy as np

from models.cap_mortality_cxr.curb65 import POSITIVE
from training.evaluation import resampled_binary as resampled
from training.evaluation.discrimination import delong_paired
from training.evaluation.operating import compare, match_sensitivity
from training.evaluation.resampling import difference
from training.reporting import binary, published
from training.reporting.bench import Bench, cell_of
from training.reporting.cells import ABSENT, NOT_GIVEN, Cell, Form, figure, label, p_value
from training.reporting.tables import Table

HORIZONS: tuple[float, ...] = ()  # no follow-up times: death within 30 days, yes or no
SCORES = {"risk": "DL", "curb65": "CURB-65", "combined": "DL and CURB-65"}
EVENT = "died"


def tables(benches: Sequence[Bench]) -> list[Table]:
    """AUC with p, specificity at CURB-65's sensitivity, then operating points, calibration, oracle."""
    probabilities = {name: SCORES[name] for name in ("risk", "combined")}
    oracle = binary.oracle_table([(b.name, b.auc("risk", EVENT), b.auc("oracle", EVENT)) for b in benches], "AUC of DL")
    return [
        _discrimination(benches), _specificity(benches), binary.operating_table(benches, SCORES, EVENT),
        binary.calibration_table(benches, probabilities, EVENT), *([oracle] if oracle else []),
    ]  # fmt: skip


def _discrimination(benches: Sequence[Bench]) -> Table:
    columns = ("cohort", "n", "died", "AUC DL", "AUC CURB-65", "P, DL vs CURB-65", "AUC DL+CURB-65",
               "P, DL+CURB-65 vs CURB-65")  # fmt: skip
    rows = [_auc_row(bench) for bench in benches]
    for name, n, *figures in published.CAP:
        rows.append((label(f"published: {name}"), label(n), label("not stated"), *map(label, figures)))
    return Table(
        key="discrimination", title="Discrimination", columns=columns, rows=tuple(rows),
        notes=(
            "P: paired DeLong on the patients who have both scores.",
            "CURB-65 needs all six of its items; it is not computed for a patient who lacks one.",
            "DL+CURB-65 is a logistic function of both whose coefficients are in the bundle (section combined);"
            f' "{ABSENT}" means that they are not: fit them on a validation cohort that has CURB-65.',
            published.CAP_SIBLING,
        ),
    )  # fmt: skip


def _auc_row(bench: Bench) -> tuple[Cell, ...]:
    rows = bench.rows("risk", EVENT)
    y = bench.flag(EVENT, rows)
    both = bench.has("risk", "curb65", EVENT)
    return (
        label(bench.name), label(y.size), label(int(y.sum())), cell_of(bench.auc("risk", EVENT)),
        cell_of(bench.auc("curb65", EVENT), absent=NOT_GIVEN),
        _paired(bench, "risk") if both else label(NOT_GIVEN),
        cell_of(bench.auc("combined", EVENT), absent=ABSENT if both else NOT_GIVEN),
        _paired(bench, "combined") if bench.has("combined", "curb65", EVENT) else label(ABSENT if both else NOT_GIVEN),
    )  # fmt: skip


def _paired(bench: Bench, score: str) -> Cell:
    rows = bench.rows(score, "curb65", EVENT)
    y = bench.flag(EVENT, rows)
    if not y.any() or y.all():
        return label("does not exist")
    return p_value(delong_paired(bench.column(score, rows), bench.column("curb65", rows), y).p)


def _specificity(benches: Sequence[Bench]) -> Table:
    columns = ("cohort", "n", "sensitivity CURB-65 >= 2", "specificity CURB-65", "threshold DL", "sensitivity DL",
               "specificity DL", "difference", "P")  # fmt: skip
    rows = [row for bench in benches if (row := _matched(bench)) is not None]
    curb, deep, p = published.CAP_SPECIFICITY
    absent = label("not stated")
    rows.append((label("published: range of the three"), absent, absent, label(curb), absent, absent, label(deep),
                 absent, label(p)))  # fmt: skip
    missing = () if len(rows) > 1 else ("No patient of this cohort has a CURB-65: give its six items in the table.",)
    return Table(
        key="specificity_at_matched_sensitivity",
        title="Specificity at the sensitivity that CURB-65 of 2 or more attains", columns=columns, rows=tuple(rows),
        notes=(
            "The threshold of DL is the highest whose sensitivity is at least that of CURB-65; it is chosen anew on"
            " every bootstrap draw.",
            "P: McNemar, exact, among survivors. The difference has its own paired bootstrap interval.", *missing,
        ),
    )  # fmt: skip


def _matched(bench: Bench) -> tuple[Cell, ...] | None:
    if not bench.has("risk", "curb65", EVENT):
        return None
    rows = bench.rows("risk", "curb65", EVENT)
    s, y, curb = bench.column("risk", rows), bench.flag(EVENT, rows), bench.column("curb65", rows) >= POSITIVE
    if not y.any() or y.all():
        return None
    threshold = match_sensitivity(s, y, curb)
    called = s >= threshold
    deep = bench.of_binary(resampled.matched_specificity(s, curb, y), EVENT, rows, Form.PERCENT)
    score = bench.of_binary(resampled.share(~curb, ~y), EVENT, rows, Form.PERCENT)
    sensitivities = [
        bench.of_binary(resampled.share(call, y), EVENT, rows, Form.PERCENT).cell() for call in (curb, called)
    ]
    gap = figure(difference(deep.estimate, score.estimate), Form.PERCENT, few=deep.few)
    at = Cell(value=threshold) if np.isfinite(threshold) else label("above all")
    return (
        label(bench.name), label(y.size), sensitivities[0], score.cell(), at, sensitivities[1], deep.cell(), gap,
        p_value(compare(called, curb, y).specificity.p),
    )  # fmt: skip
