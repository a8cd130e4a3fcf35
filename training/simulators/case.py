"""What all simulators share: who the patients are, when they came, and the table of what is true about them."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydicom.uid import generate_uid

from training.phantoms.dicom import Aged, PhantomPatient, birth_date_of

Row = Mapping[str, object]
Simulator = Callable[[Path, int, int, Callable[[], None]], None]
"""Called with folder, number of patients, seed, and what to call after each patient."""

FIRST_DAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PATIENTS_PER_SEED = 100_000


@dataclass(frozen=True)
class Case:
    """One patient to be written below `out`; `index` counts within the run, `seed` is the patient's own."""

    out: Path
    seed: int
    index: int

    @property
    def acquired(self) -> datetime:
        """When the patient was examined."""
        return FIRST_DAY + timedelta(minutes=11 * self.index)

    def patient(self, kind: str, name: str, subject: Aged) -> PhantomPatient:
        """The identity of a subject; kind: in the patient's ID, name: of the family of phantoms."""
        return PhantomPatient(
            patient_id=f"SIM-{kind}-{self.seed:08d}",
            name=f"Phantom^{name} {self.seed}",
            birth_date=birth_date_of(subject, self.acquired.date()),
        )

    def folder(self, patient: PhantomPatient) -> Path:
        """The patient's folder, made."""
        path = self.out / patient.patient_id
        path.mkdir(exist_ok=True)
        return path

    def study_uid(self, version: str) -> str:
        """The study's UID: it follows from the simulator's version and the seed."""
        return str(generate_uid(prefix="2.25.", entropy_srcs=[version, "study", str(self.seed)]))

    def named(self, path: Path) -> Path:
        """The path as the table names it."""
        return path.relative_to(self.out)


def simulator(
    columns: tuple[str, ...],
    write: Callable[[Case], Row],
    *,
    finish: Callable[[Path, list[Row]], None] | None = None,
) -> Simulator:
    """A simulator that writes patients one by one and what is true about them to labels.csv.

    Parameters
    ----------
    columns
        Of labels.csv, in this order.
    write
        Writes one patient and returns its row.
    finish
        Called with the folder and all rows when everything is written.
    """

    def simulate(out: Path, n: int, seed: int, step: Callable[[], None]) -> None:
        out.mkdir(parents=True, exist_ok=True)
        rows = []
        with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, columns)
            table.writeheader()
            for index in range(n):
                rows.append(write(Case(out, seed * PATIENTS_PER_SEED + index, index)))
                table.writerow(rows[-1])
                step()
        if finish is not None:
            finish(out, rows)

    return simulate
