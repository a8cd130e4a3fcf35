from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from screening.errors import ConfigurationError
from training.cohorts.folds import Rows
from training.cohorts.source import Splits, splits
from training.cohorts.table import BadRow, CohortTable, Layout, Outcome
from training.request import TrainingRequest

LAYOUT = Layout(outcome=Outcome.EVENT)


@dataclass(frozen=True)
class Names:
    """A cohort of nothing but patients."""

    patients: tuple[str, ...]

    def take(self, rows: Rows) -> Self:
        return type(self)(tuple(np.array(self.patients)[rows].tolist()))


def _simulate(split: str, count: int) -> Names:
    return Names(tuple(f"{split}{number}" for number in range(count)))


def _read(table: CohortTable) -> tuple[Names, tuple[BadRow, ...]]:
    """The images of every tenth line cannot be read."""
    good = [row for row in table.rows if row.line % 10]
    bad = [BadRow(line=row.line, faults=(("images", "must be DICOM"),)) for row in table.rows if not row.line % 10]
    return Names(tuple(row.patient_id for row in good)), tuple(bad)


def _splits(out: Path, **changes: object) -> Splits[Names]:
    request = TrainingRequest(tier="tiny", out=out, **changes)  # type: ignore[arg-type]
    return splits(request, {"train": 6, "test": 2, "external": 2}, simulate=_simulate, read=_read, layout=LAYOUT)


def _table(folder: Path, rows: list[str]) -> Path:
    (folder / "a.dcm").touch()
    path = folder / "ours.csv"
    path.write_text("\n".join(["patient_id,images,event", *rows]), encoding="utf-8")
    return path


def _rows(folder: Path, count: int) -> list[str]:
    for number in range(count):
        (folder / f"{number}.dcm").touch()
    return [f"P{number // 2},{number}.dcm,{number % 2}" for number in range(count)]


def test_simulated_patients_are_as_many_as_asked_for(tmp_path: Path) -> None:
    assert _splits(tmp_path).counts == {"train_rows": 6, "test_rows": 2, "external_rows": 2}
    assert _splits(tmp_path, patients=9).counts["train_rows"] == 9


def test_a_table_is_split_by_patient_and_bad_rows_are_listed(tmp_path: Path) -> None:
    path = _table(tmp_path, [*_rows(tmp_path, 30), "P99,missing.dcm,1"])
    made = _splits(tmp_path, cohort=path)
    assert set(made.parts) == {"train", "validation", "test"}
    names = {part: set(cohort.patients) for part, cohort in made.parts.items()}
    assert not names["train"] & (names["test"] | names["validation"])
    assert [row.line for row in made.bad] == [10, 20, 30, 32]
    assert (made.counts["table_rows"], made.counts["table_rows_bad"]) == (31, 4)
    assert sum(made.counts[f"{part}_rows"] for part in made.parts) == 27
    assert _splits(tmp_path, cohort=path, fold=1).parts["test"].patients == made.parts["validation"].patients


@pytest.mark.parametrize(("rows", "message"), [
    ([], "no good row: the table is empty"),
    (["P1,missing.dcm,1", "P2,missing.dcm,0"], "no good row: line 2: .* .and 1 more"),
    ([""] * 8 + ["P1,a.dcm,1"], "no image of cohort table ours.csv can be used: line 10: images must be DICOM"),
    (["P1,a.dcm,1"], "5 folds need at least 5 patients"),
])  # fmt: skip
def test_too_little_to_learn_from_is_said(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _splits(tmp_path, cohort=_table(tmp_path, rows))
