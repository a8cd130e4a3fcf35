"""A model that scores a table without any network, for the commands' tests; a map in its bundle is applied."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from models import registry
from models.recalibration import recalibrations
from training.cohorts.table import BadRow, CohortTable, Layout, Outcome
from training.evaluation.scored import ScoredCohort

NAME = "cap_mortality_cxr"


@dataclass(frozen=True)
class Patients:
    """A cohort."""

    names: tuple[str, ...]
    died: np.ndarray
    own: np.ndarray


def made(count: int, seed: int) -> Patients:
    """Predictions too low by one on the scale of log odds, and half as spread as they should be."""
    rng = np.random.default_rng(seed)
    x = rng.normal(-1, 0.6, count)
    died = rng.random(count) < 1 / (1 + np.exp(-(1 + 2 * x)))
    return Patients(tuple(f"P{k}" for k in range(count)), died.astype(float), 1 / (1 + np.exp(-x)))


def simulate(split: str, count: int, *, seed: int) -> Patients:
    return made(count, seed + (1000 if split == "external" else 0))


def read(table: CohortTable) -> tuple[Patients, tuple[BadRow, ...]]:
    """An image is good if its name begins with g; the patient's death is in the table."""
    good = [row for row in table.rows if row.images[0].name.startswith("g")]
    bad = [BadRow(line=row.line, faults=(("images", "cannot be decoded"),)) for row in table.rows if row not in good]
    all_made = made(2000, 0)
    own = all_made.own[[row.line for row in good]] if good else np.zeros(0)
    died = np.array([float(bool(row.values["event"])) for row in good])
    return Patients(tuple(row.patient_id for row in good), died, own), tuple(bad)


def score(bundle: Path, cohort: Patients, *, device: str, progress: Any) -> ScoredCohort:
    values = json.loads((bundle / "configs" / "opportune.json").read_text())
    again = recalibrations(values).get("risk")
    risk = cohort.own if again is None else again(cohort.own)
    progress("scoring", 1, 1)
    return ScoredCohort(model_name=NAME, name="?", patient_id=np.array(cohort.names, np.str_),
                        values={"died": cohort.died, "risk": risk}, groups={})  # fmt: skip


def deaf(bundle: Path, cohort: Patients, *, device: str, progress: Any) -> ScoredCohort:
    """A reader that does not look for a map."""
    return ScoredCohort(model_name=NAME, name="?", patient_id=np.array(cohort.names, np.str_),
                        values={"died": cohort.died, "risk": cohort.own}, groups={})  # fmt: skip


def install(monkeypatch: pytest.MonkeyPatch, how: Any = score) -> None:
    """Put it in the place of the model's own modules."""
    cohorts, scoring = ModuleType("cohorts"), ModuleType("scoring")
    cohorts.__dict__.update(simulate=simulate, read=read, LAYOUT=Layout(outcome=Outcome.EVENT))
    scoring.__dict__.update(score=how)
    monkeypatch.setitem(__import__("sys").modules, f"training.cohorts.{NAME}", cohorts)
    monkeypatch.setitem(__import__("sys").modules, f"training.scoring.{NAME}", scoring)


def table(folder: Path, good: int, bad: int = 0, *, extra: bool = False) -> Path:
    """A cohort of so many good and bad rows."""
    lines = ["patient_id,images,event" + (",ward" if extra else "")]
    died = made(2000, 0).died
    for k in range(good + bad):
        image = f"{'g' if k < good else 'b'}{k}.dcm"
        (folder / image).touch()
        lines.append(f"P{k},{image},{int(died[k + 2])}" + (f",W{k % 2}" if extra else ""))
    path = folder / "ours.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def bundle(folder: Path) -> Path:
    """A copy of the shipped bundle."""
    shutil.copytree(registry.bundle(NAME), folder / "bundle")
    return folder / "bundle"
