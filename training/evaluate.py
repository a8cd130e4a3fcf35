"""`opportune evaluate`: a bundle judged on a site's cohort or on simulated patients, in the layout of its paper."""

import csv
import dataclasses
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from screening.card import ModelCard
from screening.errors import ConfigurationError, UnknownModel, WeightsMismatch
from training import scoring
from training.cohorts.table import BadRow, CohortTable, Layout, read_table
from training.evaluation.scored import ScoredCohort
from training.reporting.report import Report, Wish, make_report
from training.request import Progress, silent


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Patients of the simulator that training never saw."""

    count: int
    external: bool = False  #: settings of the simulator that were kept out of training
    seed: int = 0

    @property
    def name(self) -> str:
        """Of the cohort."""
        split = "simulated external" if self.external else "simulated test"
        return f"{split}, seed {self.seed}" if self.seed else split


@dataclass(frozen=True, kw_only=True)
class Task:
    """What `opportune evaluate` and `opportune recalibrate` work with."""

    model_name: str
    bundle: Path
    sources: tuple[Simulated | Path, ...]
    device: str = "cpu"
    workers: int = 1
    cache: Path | None = None  #: keeps simulated patients
    by: tuple[str, ...] = ()
    progress: Progress = silent


def scorable() -> list[str]:
    """Models that can be evaluated: a module of `training.scoring` with `score`."""
    modules = [module.name for module in pkgutil.iter_modules(scoring.__path__)]
    return sorted(name for name in modules if hasattr(importlib.import_module(f"training.scoring.{name}"), "score"))


def evaluate(task: Task, wish: Wish) -> tuple[Report, tuple[ScoredCohort, ...]]:
    """Score every cohort and write the report to `wish.out`.

    Raises
    ------
    UnknownModel
        If the model cannot be scored.
    ConfigurationError
        If a table has no row that can be used, or cannot be read.
    WeightsMismatch
        If the bundle is not this model's or not whole.
    """
    card = card_of(task)
    cohorts = score_all(task)
    simulated = all(isinstance(source, Simulated) for source in task.sources)
    configuration: dict[str, Any] = json.loads((task.bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
    made = make_report(card, configuration, cohorts, dataclasses.replace(wish, by=task.by, simulated=simulated))
    return made, cohorts


def card_of(task: Task) -> ModelCard:
    """The card of the task's bundle, after it was found to be this model's."""
    if task.model_name not in scorable():
        raise UnknownModel(f"{task.model_name!r} cannot be evaluated; {', '.join(scorable())} can")
    card = ModelCard.load(task.bundle)
    if card.name != task.model_name:
        raise WeightsMismatch(f"the bundle in {task.bundle} is that of {card.name}, not of {task.model_name}")
    return card


def score_all(task: Task) -> tuple[ScoredCohort, ...]:
    """Every source of the task, scored."""
    if not task.sources:
        raise ConfigurationError("give --cohort FILE.csv or --simulate N")
    return tuple(score_loaded(task, load(task, source), task.bundle) for source in task.sources)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A cohort before any bundle has seen it."""

    cohort: Any  #: as the model's cohort module makes it
    source: Simulated | Path
    bad: tuple[BadRow, ...] = ()
    table: CohortTable | None = None  #: None: simulated
    more: tuple[str, ...] = ()  #: groups of the table that the model does not know


def load(task: Task, source: Simulated | Path) -> Loaded:
    """Draw simulated patients, or read a site's table and its images.

    Raises
    ------
    ConfigurationError
        If the table cannot be read or has no row that can be used.
    """
    cohorts = importlib.import_module(f"training.cohorts.{task.model_name}")
    shape = card_of(task).input_size
    size, slices = shape[-1], shape[0]  # of a volume; a radiograph's reader takes no slices
    if isinstance(source, Simulated):
        split = "external" if source.external else "test"
        drawn = _call(
            cohorts.simulate, split, source.count, size=size, slices=slices, seed=source.seed, workers=task.workers,
            cache=task.cache, progress=lambda done, total: task.progress("phantoms", done, total),
        )  # fmt: skip
        return Loaded(cohort=drawn, source=source)
    layout: Layout = cohorts.LAYOUT
    more = _more_groups(source, layout, task.by)
    table = read_table(source, dataclasses.replace(layout, groups=(*layout.groups, *more)))
    _require(source, bool(table.rows), table.bad)
    cohort, unread = _call(
        cohorts.read, table, size=size, slices=slices, bundle=task.bundle, device=task.device,
        workers=task.workers, cache=task.cache,
        progress=lambda done, total: task.progress("images", done, total),
    )  # fmt: skip
    bad: tuple[BadRow, ...] = (*table.bad, *unread)
    _require(source, len(unread) < len(table.rows), bad)
    return Loaded(cohort=cohort, source=source, bad=bad, table=table, more=more)


def score_loaded(task: Task, loaded: Loaded, bundle: Path) -> ScoredCohort:
    """What a bundle says of a cohort; rows left out at any step are listed by line.

    Raises
    ------
    ConfigurationError
        If no row of a table is left.
    """
    module = importlib.import_module(f"training.scoring.{task.model_name}")
    scored: ScoredCohort = module.score(bundle, loaded.cohort, device=task.device, progress=task.progress)
    source = loaded.source
    if isinstance(source, Simulated) or loaded.table is None:
        return dataclasses.replace(scored, name=source.name)
    bad = tuple(sorted((*loaded.bad, *scored.bad), key=lambda row: row.line))
    _require(source, len(scored) > 0, bad)
    groups = {**_labels(loaded.table, scored, loaded.more), **scored.groups}
    return dataclasses.replace(
        scored, name=source.name, bad=bad, groups=groups, unused=loaded.table.ignored, absent=loaded.table.absent
    )


def _call(function: Callable[..., Any], *arguments: object, **offered: object) -> Any:
    """Call with those of the offered arguments that it takes: not every model needs a size or processes."""
    takes = inspect.signature(function).parameters
    return function(*arguments, **{name: value for name, value in offered.items() if name in takes})


def _require(source: Path, good: bool, bad: Sequence[BadRow]) -> None:
    if not good:
        first = "; ".join(str(row) for row in bad[:3])
        more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
        said = f": {first}{more}" if bad else ", it is empty"
        raise ConfigurationError(f"cohort table {source.name} has no row that can be used{said}")


def _more_groups(source: Path, layout: Layout, by: Sequence[str]) -> tuple[str, ...]:
    """Columns asked for that the table has and the model's layout does not name."""
    known = {column.name for column in layout.columns}
    try:
        with source.open(encoding="utf-8-sig", errors="surrogateescape") as file:
            first = file.readline()
    except OSError:
        return ()  # read_table says so
    delimiter = ";" if first.count(";") > first.count(",") else ","
    header = {name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])}
    return tuple(name for name in by if name in header and name not in known)


def _labels(table: CohortTable, scored: ScoredCohort, names: Sequence[str]) -> dict[str, Any]:
    """Labels of the table by patient; not known where the lines of a patient differ."""
    found = {}
    for name in names:
        by_patient: dict[str, set[str]] = {}
        for patient, text in zip(table.patients(), table.labels(name), strict=True):
            by_patient.setdefault(patient, set()).add(text or "")
        told = {patient: next(iter(texts)) if len(texts) == 1 else "" for patient, texts in by_patient.items()}
        found[name] = np.array([told.get(patient, "") for patient in scored.patient_id.tolist()], np.str_)
    return found
