"""Insights into Imaging 2025: age from children's chest radiographs, by sex and age group."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from training.evaluation import resampled_binary as resampled
from training.evaluation import resampled_errors as errors
from training.evaluation.interval import Bools
from training.evaluation.subgroups import PATIENTS_NEEDED
from training.reporting import published
from training.reporting.bench import Bench
from training.reporting.cells import NOT_GIVEN, Cell, Form, count, figure, label
from training.reporting.tables import Table

HORIZONS: tuple[float, ...] = ()
EDGES = (0.0, 1.0, 3.0, 6.0, 10.0, 14.0, 18.0)  # years; assumption: the abstract names no groups
INFANT_MONTHS = 12.0
SEXES = {"M": "male", "F": "female"}
COLUMNS = ("n", "MAE", "MAPE from 1 year, %", "Spearman", "bias", "lower limit", "upper limit",
           "inside the interval", "MAE of the oracle")  # fmt: skip


def tables(benches: Sequence[Bench]) -> list[Table]:
    """By sex; by sex and age group."""
    return [_by_sex(benches), *(_by_group(bench) for bench in benches)]


def _by_sex(benches: Sequence[Bench]) -> Table:
    rows = []
    for bench in benches:
        everybody = np.ones(len(bench.cohort), np.bool_)
        which = "external" if "external" in bench.name else "internal"
        for sex, title in [*SEXES.items(), ("", "both")]:
            known = _of_sex(bench, sex) if sex else everybody
            cells = _errors(bench, known, published.AGE_MAE.get((which, sex), ""))
            rows.append((label(bench.name), label(title), *cells))
    return Table(
        key="by_sex", title="Age in months by sex", columns=("cohort", "sex", *COLUMNS), rows=tuple(rows),
        notes=(
            "MAE, bias (predicted - true) and Bland and Altman's limits in months. MAPE of those aged one year or more:"
            " a newborn's age is 0, and the error as a share of it without bound.",
            "Inside: share of true ages within the 80 % interval that the model gives.",
            "Published MAE: internal beside a cohort of the simulator's or of a site's own, external beside one named"
            " external.",
        ),
    )  # fmt: skip


def _by_group(bench: Bench) -> Table:
    rows = []
    years = bench.cohort.values["true_months"] / 12
    for sex, title in SEXES.items():
        for low, high in pairwise(EDGES):
            last = high == EDGES[-1]
            inside = _of_sex(bench, sex) & (years >= low) & ((years < high) | (last & (years < high + 1)))
            rows.append((label(title), label(f"{low:g} to {'18' if last else f'< {high:g}'} y"),
                         *_errors(bench, inside)))  # fmt: skip
    return Table(
        key=f"by_sex_and_age:{bench.name}", title=f"Age in months by sex and age group, {bench.name}",
        columns=("sex", "age", *COLUMNS), rows=tuple(rows),
        notes=(f"Groups of fewer than {PATIENTS_NEEDED} images are counted, not judged. The groups are ours: the"
               " abstract names none. 18: to the day before the 19th birthday.",),
    )  # fmt: skip


def _of_sex(bench: Bench, sex: str) -> Bools:
    if "sex" not in bench.cohort.groups:
        return np.zeros(len(bench.cohort), np.bool_)
    return np.asarray(bench.cohort.groups["sex"] == sex, np.bool_)


def _errors(bench: Bench, inside: Bools, published_mae: str = "") -> list[Cell]:
    part = bench.part(inside)
    rows = part.rows("true_months", "months")
    n = int(rows.sum())
    if n < PATIENTS_NEEDED:
        why = label("too few") if n else label(NOT_GIVEN)
        return [count(n), Cell(text=why.text, published=published_mae), *[why] * (len(COLUMNS) - 2)]
    true, found = part.column("true_months", rows), part.column("months", rows)
    off = found - true
    cells = [count(n), figure(part.estimate(resampled.mean(np.abs(off)), rows), Form.TWO, published=published_mae)]
    cells.append(_share(part))
    order = published.AGE_SPEARMAN if published_mae else ""
    cells += [
        figure(part.estimate(errors.spearman(found, true), rows), published=order),
        figure(part.estimate(resampled.mean(off), rows), Form.TWO),
        figure(part.estimate(errors.limit(off, -1), rows), Form.TWO),
        figure(part.estimate(errors.limit(off, 1), rows), Form.TWO),
    ]
    return [*cells, _coverage(part), _oracle(part)]


def _share(part: Bench) -> Cell:
    rows = part.rows("true_months", "months") & (part.cohort.values["true_months"] >= INFANT_MONTHS)
    if int(rows.sum()) < PATIENTS_NEEDED:
        return label("-")
    true, found = part.column("true_months", rows), part.column("months", rows)
    return figure(part.estimate(resampled.mean(100 * np.abs(found - true) / true), rows), Form.TWO)


def _coverage(part: Bench) -> Cell:
    if not part.has("true_months", "lower", "upper"):
        return label(NOT_GIVEN)
    rows = part.rows("true_months", "lower", "upper")
    low, high, true = (part.column(name, rows) for name in ("lower", "upper", "true_months"))
    covered = ((low <= true) & (true <= high)).astype(np.float64)
    return figure(part.estimate(resampled.mean(covered), rows), Form.PERCENT)


def _oracle(part: Bench) -> Cell:
    if not part.has("true_months", "oracle"):
        return label("-")
    rows = part.rows("true_months", "oracle")
    off = np.abs(part.column("oracle", rows) - part.column("true_months", rows))
    return figure(part.estimate(resampled.mean(off), rows), Form.TWO)
