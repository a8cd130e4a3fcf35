"""Simulated studies on disk: valid, labelled, the same for the same seed."""

import csv
import hashlib
from datetime import date
from pathlib import Path

import pydicom
import pytest

from training.simulate import SIMULATORS
from training.simulators.cap_mortality_cxr import LONGEST_SIDE


def _simulate(folder: Path, seed: int, model: str = "cap_mortality_cxr") -> list[dict[str, str]]:
    steps: list[int] = []
    SIMULATORS[model](folder, 2, seed, lambda: steps.append(1))
    assert len(steps) == 2
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("simulated")
    _simulate(made, 3)
    return made


def _digests(folder: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.dcm"))]


def test_labels_name_each_file_and_what_is_true_of_it(folder: Path) -> None:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    assert len(labels) == 2
    for row in labels:
        ds = pydicom.dcmread(folder / row["file"])
        assert ds.ViewPosition == row["view"]
        assert ds.PatientSex == row["sex"]
        assert abs(int(ds.PatientAge[:3]) - float(row["age"])) <= 1
        assert 0 <= float(row["extent"]) <= 1
        assert 0 < float(row["risk"]) < 1
        assert row["died"] in ("0", "1")
        assert max(ds.Rows, ds.Columns) == LONGEST_SIDE


def test_each_patient_has_a_study_of_his_own_and_no_image_claims_to_be_real(folder: Path) -> None:
    found = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.rglob("*.dcm"))]
    assert len({ds.StudyInstanceUID for ds in found}) == len({ds.PatientID for ds in found}) == 2
    for ds in found:
        assert "Simulated" in ds.ImageComments
        assert not ds.Manufacturer.startswith("Opportune"), "would be taken for our own output"


def test_the_same_seed_gives_the_same_files_and_another_does_not(folder: Path, tmp_path: Path) -> None:
    _simulate(tmp_path / "again", 3)
    _simulate(tmp_path / "other", 4)
    assert _digests(tmp_path / "again") == _digests(folder)
    assert not set(_digests(tmp_path / "other")) & set(_digests(folder))


def test_there_is_a_simulator_for_each_model() -> None:
    assert set(SIMULATORS) == {
        "cap_mortality_cxr", "ssc_ild_mortality_ct", "pediatric_age_cxr", "spine_fracture_xr", "bone_muscle_ct",
    }  # fmt: skip


def test_children_come_with_three_ages(tmp_path: Path) -> None:
    labels = _simulate(tmp_path / "children", 3, "pediatric_age_cxr")
    assert len(labels) == 2
    for row in labels:
        ds = pydicom.dcmread(tmp_path / "children" / row["file"])
        assert (ds.ViewPosition, ds.PatientSex) == (row["view"], row["sex"])
        assert max(ds.Rows, ds.Columns) == LONGEST_SIDE
        born, taken = (date.fromisoformat(day) for day in (ds.PatientBirthDate, ds.StudyDate))
        assert (taken - born).days / 30.44 == pytest.approx(float(row["age_months"]), abs=0.1)
        assert 0 <= float(row["age_months"]) <= 216
        assert abs(float(row["maturity_months"]) - float(row["age_months"])) < 40
        assert abs(float(row["oracle_months"]) - float(row["age_months"])) < 40
        assert ds.PatientID.startswith("SIM-CHILD-")
        assert "Simulated" in ds.ImageComments
    _simulate(tmp_path / "again", 3, "pediatric_age_cxr")
    assert _digests(tmp_path / "again") == _digests(tmp_path / "children")
