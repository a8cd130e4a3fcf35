"""`opportune simulate`: phantoms as valid DICOM files, with what is true about them in labels.csv."""

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydicom.uid import generate_uid

from training.phantoms.chest.phantom import SIMULATOR_VERSION, make_phantom
from training.phantoms.dicom import PhantomPatient, birth_date_of, write_radiograph

Simulator = Callable[[Path, int, int, Callable[[], None]], None]
"""Called with folder, number of patients, seed, and what to call after each patient."""

LONGEST_SIDE = 1024  # pixels: enough for every model's input, and quick to draw
_FIRST_DAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_CHEST_COLUMNS = ("file", "seed", "age", "sex", "view", "extent", "effusion", "risk", "died", "simulator")


def simulate_chest(out: Path, n: int, seed: int, step: Callable[[], None]) -> None:
    """Frontal chest radiographs of adults with pneumonia: out/<patient>/<n>.dcm. The same seed gives the same files."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _CHEST_COLUMNS)
        table.writeheader()
        for index in range(n):
            table.writerow(_write_chest(out, seed * 100_000 + index, index))
            step()


SIMULATORS: Mapping[str, Simulator] = {"cap_mortality_cxr": simulate_chest}
"""By the model whose input they simulate."""


def _write_chest(out: Path, seed: int, index: int) -> dict[str, object]:
    phantom = make_phantom(seed, longest_side=LONGEST_SIDE)
    acquired = _FIRST_DAY + timedelta(minutes=11 * index)
    patient = PhantomPatient(
        patient_id=f"SIM-CXR-{seed:08d}",
        name=f"Phantom^Chest {seed}",
        birth_date=birth_date_of(phantom, acquired.date()),
    )
    path = out / patient.patient_id / "chest.dcm"
    path.parent.mkdir(exist_ok=True)
    write_radiograph(
        path,
        phantom,
        patient=patient,
        study_instance_uid=str(generate_uid(prefix="2.25.", entropy_srcs=[SIMULATOR_VERSION, "study", str(seed)])),
        acquired=acquired,
        accession_number=f"SIM{seed:08d}",
        study_description="Chest, pneumonia",
    )
    return {
        "file": path.relative_to(out),
        "seed": seed,
        "age": f"{phantom.age:.1f}",
        "sex": phantom.sex,
        "view": phantom.view,
        "extent": f"{phantom.truth.extent:.4f}",
        "effusion": f"{phantom.truth.effusion:.4f}",
        "risk": f"{phantom.outcome.risk:.4f}",
        "died": int(phantom.outcome.died),
        "simulator": SIMULATOR_VERSION,
    }
