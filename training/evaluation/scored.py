"""A cohort after a model has seen it: what came to be, what was predicted, and which rows were left out."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from screening.errors import ConfigurationError
from training.cohorts.table import BadRow
from training.evaluation.interval import Bools, Floats, Ints

Texts = npt.NDArray[np.str_]
PATIENT = "patient_id"
GROUP = "group:"  # begins the name of a column of groups in the CSV


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredCohort:
    """N examinations with outcome and scores.

    Raises
    ------
    ValueError
        If a column has another length than the patients, a value is infinite, a name is both a value and a group or
        cannot stand in a table, or a patient has no identifier.
    """

    model_name: str
    name: str  #: "internal", "external", or the name of the table's file
    patient_id: Texts = field(repr=False)  #: (N,); rows of one patient are drawn together
    values: Mapping[str, Floats] = field(repr=False)  #: (N,) float64 by column, NaN where not known
    groups: Mapping[str, Texts] = field(repr=False)  #: (N,) labels by column, "" where not known
    bad: tuple[BadRow, ...] = ()  #: rows of the site's table that were left out
    unused: tuple[str, ...] = ()  #: columns of the site's table that nothing reads
    absent: tuple[str, ...] = ()  #: comparators and groups that the site's table has no column for

    def __post_init__(self) -> None:
        patients = np.asarray(self.patient_id, np.str_)
        if patients.ndim != 1 or (patients == "").any():
            raise ValueError(f"patient_id must be (N,) texts that are not empty, got {patients.shape}")
        values = {name: _value(name, column, patients.size) for name, column in self.values.items()}
        groups = {name: _label(name, column, patients.size) for name, column in self.groups.items()}
        _check_names(tuple(values), tuple(groups))
        for name, content in (("patient_id", patients), ("values", values), ("groups", groups)):
            object.__setattr__(self, name, content)

    def __len__(self) -> int:
        return int(self.patient_id.size)

    def has(self, *names: str) -> bool:
        """Whether every one of these columns is there and holds a number at least once."""
        return all(name in self.values and bool(np.isfinite(self.values[name]).any()) for name in names)

    def known(self, *names: str) -> Bools:
        """(N,) rows on which every one of these columns is known.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        rows = np.ones(len(self), np.bool_)
        for name in names:
            rows &= np.isfinite(self.values[name])
        return rows

    def take(self, rows: Ints | Bools) -> "ScoredCohort":
        """Some rows, by index or by flag; the rows left out at reading stay listed."""
        return ScoredCohort(
            model_name=self.model_name, name=self.name, patient_id=self.patient_id[rows],
            values={name: column[rows] for name, column in self.values.items()},
            groups={name: column[rows] for name, column in self.groups.items()}, bad=self.bad, unused=self.unused,
            absent=self.absent,
        )  # fmt: skip


def write_json(cohort: ScoredCohort, path: Path) -> None:
    """Write everything; a number that is not known is null."""
    content = {
        "model_name": cohort.model_name,
        "name": cohort.name,
        PATIENT: cohort.patient_id.tolist(),
        "values": {name: [None if math.isnan(x) else x for x in column] for name, column in cohort.values.items()},
        "groups": {name: column.tolist() for name, column in cohort.groups.items()},
        "bad": [{"line": row.line, "faults": [list(fault) for fault in row.faults]} for row in cohort.bad],
    }
    path.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> ScoredCohort:
    """Read what `write_json` wrote.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return ScoredCohort(
            model_name=str(content["model_name"]), name=str(content["name"]), patient_id=_texts(content[PATIENT]),
            values={name: _numbers(column) for name, column in content["values"].items()},
            groups={name: _texts(column) for name, column in content["groups"].items()},
            bad=tuple(
                BadRow(line=int(row["line"]), faults=tuple((str(a), str(b)) for a, b in row["faults"]))
                for row in content["bad"]
            ),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"scored cohort {path.name} cannot be read: {error}") from error


def write_csv(cohort: ScoredCohort, path: Path) -> None:
    """Write the rows as a table: patient_id, values, and groups as "group:NAME"; empty where not known.

    The names of model and cohort and the bad rows are not in it.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([PATIENT, *cohort.values, *(GROUP + name for name in cohort.groups)])
        for k, patient in enumerate(cohort.patient_id):
            numbers = ["" if math.isnan(column[k]) else repr(float(column[k])) for column in cohort.values.values()]
            table.writerow([patient, *numbers, *(column[k] for column in cohort.groups.values())])


def read_csv(path: Path, *, model_name: str, name: str) -> ScoredCohort:
    """Read what `write_csv` wrote, or a table made elsewhere with such columns.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, lacks patient_id, or a row or a number is malformed.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        if PATIENT not in header or len(set(header)) != len(header):
            raise ValueError(f"the header must have {PATIENT} and no column twice")
        columns = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(header, ())
        values = [column for column in header if column != PATIENT and not column.startswith(GROUP)]
        return ScoredCohort(
            model_name=model_name, name=name, patient_id=_texts(columns[PATIENT]),
            values={column: _numbers([cell or None for cell in columns[column]]) for column in values},
            groups={
                column.removeprefix(GROUP): _texts(columns[column]) for column in header if column.startswith(GROUP)
            },
        )  # fmt: skip
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigurationError(f"scored cohort {path.name} cannot be read: {error}") from error


def _value(name: str, column: npt.ArrayLike, size: int) -> Floats:
    array = np.asarray(column, np.float64)
    if array.shape != (size,):
        raise ValueError(f"column {name} must be ({size},) as patient_id is, got {array.shape}")
    if np.isinf(array).any():
        raise ValueError(f"column {name} must be numbers, NaN where not known; {int(np.isinf(array).sum())} infinite")
    return array


def _label(name: str, column: npt.ArrayLike, size: int) -> Texts:
    array = np.asarray(column, np.str_)
    if array.shape != (size,):
        raise ValueError(f"group {name} must be ({size},) as patient_id is, got {array.shape}")
    return array


def _check_names(values: tuple[str, ...], groups: tuple[str, ...]) -> None:
    both = sorted(set(values) & set(groups))
    wrong = [name for name in (*values, *groups) if not name or name == PATIENT or name.startswith(GROUP)]
    if both or wrong:
        raise ValueError(
            f"columns must have names of their own, got {', '.join(repr(name) for name in (*both, *wrong))}"
        )


def _texts(cells: Sequence[str]) -> Texts:
    return np.asarray(cells, np.str_)


def _numbers(cells: Sequence[str | float | None]) -> Floats:
    return np.array([np.nan if cell is None else float(cell) for cell in cells], np.float64)
