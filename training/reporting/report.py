"""A whole report: tables, banners and texts of scored cohorts, and its files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from screening.card import ModelCard
from screening.errors import ConfigurationError
from training.evaluation.bootstrap import DRAWS
from training.evaluation.scored import ScoredCohort, write_csv
from training.reporting.bench import Bench
from training.reporting.cells import Form, write
from training.reporting.counts import bad_table, banners, count_table
from training.reporting.layouts.lookup import layout_of
from training.reporting.published import PAPERS
from training.reporting.subgroup_table import subgroup_table
from training.reporting.tables import Table, to_csv
from training.reporting.tripod import Facts, markdown
from training.reporting.variants import variant_table

SIMULATED = "Simulated patients: the published figures show the layout and are no yardstick for these."


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a report shall be made."""

    out: Path
    draws: int = DRAWS
    seed: int = 0
    by: tuple[str, ...] = ()
    variants: Path | None = None  #: results of the experiment with six variants
    simulated: bool = False
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found."""

    tables: tuple[Table, ...]
    banners: tuple[str, ...]
    plots: tuple[str, ...]
    not_drawn: tuple[str, ...]


def make_report(
    card: ModelCard, configuration: Mapping[str, Any], cohorts: Sequence[ScoredCohort], wish: Wish
) -> Report:
    """Judge the cohorts and write table.md, table.csv, results.json, tripod_ai.md, scored_*.csv and plots.

    Raises
    ------
    UnknownModel
        If the model has no layout.
    ConfigurationError
        If the results of the variants cannot be read.
    """
    try:
        from training.reporting.pictures import draw  # noqa: PLC0415 (matplotlib comes with the extra "training")
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ConfigurationError(
            "plots need matplotlib: install opportune with its extra, opportune[training]"
        ) from error
    layout = layout_of(card.name)
    benches = [Bench(cohort, draws=wish.draws, seed=wish.seed) for cohort in cohorts]
    tables = [count_table(benches, layout.horizons), *layout.tables(benches)]
    if card.name == "spine_fracture_xr":
        tables.append(variant_table(wish.variants))
    if wish.by:
        tables.append(subgroup_table(benches, layout.main, wish.by))
    left_out = bad_table(benches)
    tables += [left_out] if left_out else []
    wish.out.mkdir(parents=True, exist_ok=True)
    drawn = [draw(card.name, bench, wish.out / "plots") for bench in benches]
    report = Report(
        tables=tuple(tables),
        banners=tuple(said for bench in benches for said in banners(bench)),
        plots=tuple(name for made, _ in drawn for name in made),
        not_drawn=tuple(why for _, left in drawn for why in left),
    )
    _write(card, configuration, benches, report, wish)
    return report


def _write(
    card: ModelCard, configuration: Mapping[str, Any], benches: Sequence[Bench], report: Report, wish: Wish
) -> None:
    (wish.out / "table.md").write_text(_table_md(card, benches, report, wish), encoding="utf-8")
    (wish.out / "table.csv").write_text(to_csv(report.tables), encoding="utf-8")
    facts = facts_of(card, configuration, benches, report, wish)
    (wish.out / "tripod_ai.md").write_text(markdown(facts), encoding="utf-8")
    text = json.dumps(_results(card, benches, report, wish), indent=2, allow_nan=False)
    (wish.out / "results.json").write_text(text + "\n", encoding="utf-8")
    for number, bench in enumerate(benches, 1):
        write_csv(bench.cohort, wish.out / f"scored_{number}.csv")


def _table_md(card: ModelCard, benches: Sequence[Bench], report: Report, wish: Wish) -> str:
    names = ", ".join(bench.name for bench in benches)
    head = [
        f"# {card.title}: {card.name} {card.version} on {names}", "", f"**{card.banner}**", "",
        *(f"**NOT INTERPRETABLE - {text}**\n" for text in report.banners), *([SIMULATED, ""] if wish.simulated else []),
        f"Brackets: 95 % intervals, percentile bootstrap by patient, {wish.draws} draws, seed {wish.seed}."
        f" Published: {PAPERS[card.name]}.", "",
    ]  # fmt: skip
    bodies = [table.markdown() for table in report.tables]
    plots = ["## Plots", "", *(f"![{name}](plots/{name})" for name in report.plots), *report.not_drawn, ""]
    return "\n".join([*head, *bodies, *plots])


def _results(card: ModelCard, benches: Sequence[Bench], report: Report, wish: Wish) -> dict[str, object]:
    return {
        "model": card.name, "version": card.version, "weights_sha256": card.weights_sha256,
        "evidence": card.evidence.value, "banner": card.banner, "simulated": wish.simulated, "command": wish.command,
        "draws": wish.draws, "seed": wish.seed, "not_interpretable": list(report.banners),
        "cohorts": [
            {
                "name": bench.name, "rows": len(bench.cohort), "patients": bench.resamples.patients,
                "bad_rows": len(bench.cohort.bad), "not_known": _missing(bench.cohort),
                "bad": [{"line": row.line, "why": str(row)} for row in bench.cohort.bad],
                "columns_unused": list(bench.cohort.unused), "columns_absent": list(bench.cohort.absent),
            }
            for bench in benches
        ],
        "tables": {table.key: table.plain() for table in report.tables},
        "plots": list(report.plots), "not_drawn": list(report.not_drawn),
    }  # fmt: skip


def _missing(cohort: ScoredCohort) -> dict[str, int]:
    values = {name: int((~np.isfinite(column)).sum()) for name, column in cohort.values.items()}
    labels = {name: int((column == "").sum()) for name, column in cohort.groups.items()}
    return {name: count for name, count in (values | labels).items() if count}


def facts_of(
    card: ModelCard, configuration: Mapping[str, Any], benches: Sequence[Bench], report: Report, wish: Wish
) -> Facts:
    """What TRIPOD+AI can be told."""
    columns = sorted({name for bench in benches for name in bench.cohort.values})
    calibration = configuration.get("calibration", {})
    again = calibration.get("recalibration") if isinstance(calibration, Mapping) else None
    preprocessing = configuration.get("preprocessing", {})
    return Facts(
        card=card, cohorts=tuple(_sentence(bench) for bench in benches), simulated=wish.simulated,
        outcome=_OUTCOMES[card.name], predictors=f"Images; columns scored or compared: {', '.join(columns)}.",
        missing=tuple(
            f"{bench.name}: {name} of {count} rows" for bench in benches
            for name, count in _missing(bench.cohort).items()
        ),
        analysis=f"95 % intervals: percentile bootstrap by patient, {wish.draws} draws, seed {wish.seed}; differences"
        " on the same draws.",
        subgroups=wish.by, recalibrated=_again(again),
        calibration_method=str(calibration.get("method", "as the card says")) if isinstance(calibration, Mapping)
        else "as the card says",
        preprocessing="Preprocessing version"
        f" {preprocessing.get('version', 'not stated') if isinstance(preprocessing, Mapping) else 'not stated'} of the"
        " bundle; the same code as in the node.",
        software="Opportune, Apache-2.0", main_results=_main_results(report),
    )  # fmt: skip


_OUTCOMES = {
    "cap_mortality_cxr": "Death from any cause within 30 days, yes or no.",
    "ssc_ild_mortality_ct": "Time to death from any cause, censored at the end of follow-up.",
    "pediatric_age_cxr": "Chronological age in months at the examination.",
    "spine_fracture_xr": "Time to a new vertebral fracture, censored at the end of follow-up.",
    "bone_muscle_ct": "A vertebral fracture now; time to a new one, censored at the end of follow-up.",
}


def _sentence(bench: Bench) -> str:
    cohort = bench.cohort
    said = f"{bench.name}: {len(cohort)} examinations of {bench.resamples.patients} patients"
    for name in ("event", "died", "fracture"):
        if name in cohort.values:
            said += f", {name} in {int(np.nansum(cohort.values[name]))}"
    return f"{said}, {len(cohort.bad)} rows left out."


def _again(section: object) -> str | None:
    if not isinstance(section, Mapping) or not section:
        return None
    methods = sorted({str(values.get("method")) for values in section.values() if isinstance(values, Mapping)})
    return f"Recalibrated ({', '.join(methods)}) on a site's patients before this run; see docs/recalibration.json."


def _main_results(report: Report) -> tuple[str, ...]:
    """The first figure with an interval of each of the first tables."""
    said = []
    for table in report.tables[1:4]:
        for row in table.rows:
            found = next(
                ((name, cell) for name, cell in zip(table.columns, row, strict=True) if cell.low is not None), None
            )
            if found is not None:
                name, cell = found
                said.append(f"{table.title}, {row[0]}: {name} {cell}.")
                break
    return tuple(said)


def short(report: Report) -> list[tuple[str, str]]:
    """A few lines for the terminal: what was measured in the paper's first table."""
    lines = []
    first = report.tables[1]
    for row in first.rows:
        for name, cell in zip(first.columns[1:], row[1:], strict=True):
            if cell.value is not None and cell.form is not Form.COUNT:
                shown = write(cell.value, cell.form) if cell.low is None else str(cell)
                lines.append((f"{row[0]}: {name}", shown))
    return lines
