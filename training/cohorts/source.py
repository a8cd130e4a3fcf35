"""Where a training's patients come from: the simulator, or a site's own table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from screening.errors import ConfigurationError
from training.cohorts.folds import Rows, split_rows
from training.cohorts.table import BadRow, CohortTable, Layout, read_table
from training.request import TrainingRequest


class Cohort(Protocol):
    """Patients as arrays."""

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient of each row."""
        ...

    def take(self, rows: Rows) -> Self:
        """These rows only."""
        ...


C = TypeVar("C", bound=Cohort)


@dataclass(frozen=True, kw_only=True)
class Splits(Generic[C]):
    """The parts of a training's patients."""

    parts: Mapping[str, C]  #: "train", "validation", "test"; of simulated patients also "external"
    bad: tuple[BadRow, ...] = ()  #: rows of the site's table that were left out
    rows: int = 0  #: of the site's table, bad ones included

    @property
    def counts(self) -> dict[str, float]:
        """Rows of each part, and of the table if there was one, for the results."""
        parts = {f"{name}_rows": float(len(part.patients)) for name, part in self.parts.items()}
        return parts | ({"table_rows": float(self.rows), "table_rows_bad": float(len(self.bad))} if self.rows else {})


def splits(
    request: TrainingRequest,
    counts: Mapping[str, int],
    *,
    simulate: Callable[[str, int], C],
    read: Callable[[CohortTable], tuple[C, tuple[BadRow, ...]]],
    layout: Layout,
) -> Splits[C]:
    """The patients that a training asks for.

    Parameters
    ----------
    request
        With a cohort table its rows are split by patient; without, patients are simulated.
    counts
        Simulated patients of each part; the request may ask for another number to train on.
    simulate
        Draws a part of so many patients.
    read
        Reads the images of a table; rows whose images cannot be read come back as bad.
    layout
        Of the table.

    Raises
    ------
    ConfigurationError
        If the table cannot be read, or has too few good rows.
    """
    if request.cohort is None:
        wanted = dict(counts) | ({"train": request.patients} if request.patients else {})
        return Splits(parts={name: simulate(name, count) for name, count in wanted.items()})
    table = read_table(request.cohort, layout)
    if not table.rows:
        raise ConfigurationError(f"cohort table {request.cohort.name} has no good row: {_first(table.bad)}")
    cohort, unread = read(table)
    bad = tuple(sorted((*table.bad, *unread), key=lambda row: row.line))
    if not len(cohort.patients):
        raise ConfigurationError(f"no image of cohort table {request.cohort.name} can be used: {_first(bad)}")
    parts = split_rows(cohort.patients, folds=request.folds, fold=request.fold, seed=request.seed)
    return Splits(
        parts={name: cohort.take(np.asarray(rows)) for name, rows in parts.items()},
        bad=bad,
        rows=len(table.rows) + len(table.bad),
    )


def _first(bad: tuple[BadRow, ...]) -> str:
    return str(bad[0]) + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else "") if bad else "the table is empty"
