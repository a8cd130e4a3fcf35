"""`opportune simulate`: phantoms as valid DICOM files, with what is true about them in labels.csv."""

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydicom.uid import generate_uid

from training.phantoms.chest.phantom import SIMULATOR_VERSION, make_phantom
from training.phantoms.child.phantom import SIMULATOR_VERSION as CHILD_VERSION
from training.phantoms.child.phantom import make_child, oracle_age
from training.phantoms.dicom import PhantomPatient, birth_date_of, write_radiograph

Simulator = Callable[[Path, int, int, Callable[[], None]], None]
"""Called with folder, number of patients, seed, and what to call after each patient."""

LONGEST_SIDE = 1024  # pixels: enough for every model's input, and quick to draw
_FIRST_DAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_CHEST_COLUMNS = ("file", "seed", "age", "sex", "view", "extent", "effusion", "risk", "died", "simulator")
_CHILD_COLUMNS = ("file", "seed", "age_months", "maturity_months", "oracle_months", "stature_cm", "sex", "view",
                  "cardiothoracic_ratio", "simulator")  # fmt: skip


def simulate_chest(out: Path, n: int, seed: int, step: Callable[[], None]) -> None:
    """Frontal chest radiographs of adults with pneumonia: out/<patient>/<n>.dcm. The same seed gives the same files."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _CHEST_COLUMNS)
        table.writeheader()
        for index in range(n):
            table.writerow(_write_chest(out, seed * 100_000 + index, index))
            step()


def simulate_child(out: Path, n: int, seed: int, step: Callable[[], None]) -> None:
    """Frontal chest radiographs of children of 0-18 years: out/<patient>/chest.dcm. The same seed, the same files.

    In labels.csv, age_months is the age in the calendar and maturity_months that of the skeleton; oracle_months is
    the best that can be read from the picture.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _CHILD_COLUMNS)
        table.writeheader()
        for index in range(n):
            table.writerow(_write_child(out, seed * 100_000 + index, index))
            step()


SIMULATORS: Mapping[str, Simulator] = {"cap_mortality_cxr": simulate_chest, "pediatric_age_cxr": simulate_child}
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


def _write_child(out: Path, seed: int, index: int) -> dict[str, object]:
    phantom = make_child(seed, longest_side=LONGEST_SIDE)
    acquired = _FIRST_DAY + timedelta(minutes=11 * index)
    patient = PhantomPatient(
        patient_id=f"SIM-CHILD-{seed:08d}",
        name=f"Phantom^Child {seed}",
        birth_date=birth_date_of(phantom, acquired.date()),
    )
    path = out / patient.patient_id / "chest.dcm"
    path.parent.mkdir(exist_ok=True)
    write_radiograph(
        path,
        phantom,
        patient=patient,
        study_instance_uid=str(generate_uid(prefix="2.25.", entropy_srcs=[CHILD_VERSION, "study", str(seed)])),
        acquired=acquired,
        accession_number=f"SIC{seed:08d}",
        simulator=CHILD_VERSION,
    )
    return {
        "file": path.relative_to(out),
        "seed": seed,
        "age_months": f"{phantom.months:.2f}",
        "maturity_months": f"{phantom.truth.maturity:.2f}",
        "oracle_months": f"{oracle_age(phantom.truth):.2f}",
        "stature_cm": f"{phantom.truth.stature:.1f}",
        "sex": phantom.sex,
        "view": phantom.view,
        "cardiothoracic_ratio": f"{phantom.truth.cardiothoracic_ratio:.3f}",
        "simulator": CHILD_VERSION,
    }
