import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pydicom
import pytest

from tests.conftest import require_program
from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import Phantom, make_phantom
from training.phantoms.child.phantom import SIMULATOR_VERSION, make_child
from training.phantoms.dicom import PhantomPatient, age_string, birth_date_of, write_radiograph

WHEN = datetime(2026, 1, 5, 10, 30)  # noqa: DTZ001 (DICOM times of the demo have no zone)


def write(path: Path, phantom: Phantom, modality: Literal["DX", "CR"] = "DX", born: date | None = None) -> Path:
    patient = PhantomPatient(patient_id="PH-1", name="Phantom^Ada", birth_date=born)
    write_radiograph(
        path, phantom, patient=patient, study_instance_uid="2.25.77", acquired=WHEN, modality=modality,
        accession_number="A1",
    )  # fmt: skip
    return path


def test_what_is_written_is_what_was_drawn(tmp_path: Path) -> None:
    phantom = make_phantom(5, longest_side=128)
    ds = pydicom.dcmread(write(tmp_path / "a.dcm", phantom, born=birth_date_of(phantom, WHEN.date())))
    np.testing.assert_allclose(ds.pixel_array / 4095, phantom.pixels, atol=2e-4)
    assert (ds.Modality, ds.ViewPosition, ds.BodyPartExamined) == ("DX", phantom.view, "CHEST")
    assert ds.PatientAge == f"{int(phantom.age):03d}Y"
    assert ds.ImagerPixelSpacing == pytest.approx(phantom.spacing, rel=1e-4)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    phantom = make_phantom(5, longest_side=96)
    assert write(tmp_path / "a", phantom).read_bytes() == write(tmp_path / "b", phantom).read_bytes()


def test_without_a_birth_date_there_is_no_age(tmp_path: Path) -> None:
    ds = pydicom.dcmread(write(tmp_path / "a.dcm", make_phantom(5, longest_side=96)))
    assert ds.PatientBirthDate == ""
    assert "PatientAge" not in ds


def test_identities_stay_out_of_the_repr() -> None:
    assert "Ada" not in repr(PhantomPatient(patient_id="1", name="Phantom^Ada", birth_date=None))


@pytest.mark.validators
@pytest.mark.parametrize(("view", "modality"), [("PA", "DX"), ("AP", "DX"), ("LL", "DX"), ("PA", "CR")])
def test_dciodvfy_finds_no_error(tmp_path: Path, view: str, modality: Literal["DX", "CR"]) -> None:
    require_program("dciodvfy")
    phantom = (
        make_lateral(1, longest_side=128) if view == "LL" else make_phantom(1, longest_side=128, view=view)  # type: ignore[arg-type]
    )
    path = write(tmp_path / "a.dcm", phantom, modality, birth_date_of(phantom, WHEN.date()))
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))] == []


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ((2026, 1, 5), "000D"), ((2026, 1, 4), "001D"), ((2025, 12, 9), "027D"), ((2025, 12, 8), "004W"),
        ((2025, 10, 6), "013W"), ((2025, 10, 5), "003M"), ((2025, 1, 6), "011M"), ((2024, 1, 6), "023M"),
        ((2024, 1, 5), "002Y"), ((2008, 1, 6), "017Y"), ((1920, 1, 6), "105Y"),
    ],
)  # fmt: skip
def test_ages_are_told_in_days_weeks_months_and_years(born: tuple[int, int, int], age: str) -> None:
    assert age_string(date(*born), WHEN.date()) == age


def test_nobody_is_examined_before_birth() -> None:
    with pytest.raises(ValueError, match="before the birth"):
        age_string(date(2026, 1, 6), WHEN.date())


@pytest.mark.validators
@pytest.mark.parametrize(("months", "unit"), [(0.2, "D"), (1.5, "W"), (9.0, "M"), (100.0, "Y")])
def test_children_are_valid_too(tmp_path: Path, months: float, unit: str) -> None:
    require_program("dciodvfy")
    phantom = make_child(3, months=months, longest_side=128)
    path, born = tmp_path / "a.dcm", birth_date_of(phantom, WHEN.date())
    ds = write_radiograph(
        path, phantom, patient=PhantomPatient(patient_id="PH-2", name="Phantom^Ida", birth_date=born),
        study_instance_uid="2.25.78", acquired=WHEN, accession_number="A2", simulator=SIMULATOR_VERSION,
    )  # fmt: skip
    assert ds.PatientAge[-1] == unit
    assert ds.SoftwareVersions == SIMULATOR_VERSION
    assert (WHEN.date() - born).days == pytest.approx(months * 30.44, abs=2)
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))] == []
