import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_node.header import read_instance
from dicom_node.pixels.volume import read_volume
from tests.conftest import require_program
from training.phantoms.ct_dicom import ABDOMEN, CtScan, write_ct
from training.phantoms.dicom import CHEST, BodyPart, PhantomPatient, birth_date_of

WHEN = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)


def scan(part: BodyPart = CHEST, *, contrast: bool = False, low: float = -1024) -> CtScan:
    hu = np.random.default_rng(0).uniform(low, 3000, (6, 13, 17)).astype(np.float32)
    return CtScan(
        seed=4, age=61.3, sex="F", hu=hu, spacing=(2.5, 1.25, 1.25), origin=(-120.3, -90.2, -101.7), kvp=120,
        kernel="SOFT", contrast=contrast, simulator="test-1", part=part,
    )  # fmt: skip


def write(folder: Path, ct: CtScan) -> list[pydicom.FileDataset]:
    patient = PhantomPatient(patient_id="PH-1", name="Phantom^Ada", birth_date=birth_date_of(ct, WHEN.date()))
    return write_ct(folder, ct, patient=patient, study_instance_uid="2.25.77", acquired=WHEN, accession_number="A1")


def test_our_own_reader_gives_the_same_hounsfield_units(tmp_path: Path) -> None:
    ct = scan()
    write(tmp_path, ct)
    files = sorted(tmp_path.iterdir(), reverse=True)
    volume = read_volume([(path, read_instance(path, location=path.name)) for path in files])
    np.testing.assert_array_equal(volume.hu, np.round(ct.hu))
    assert volume.spacing == pytest.approx(ct.spacing)
    first = volume.affine @ np.array([0, 0, 0, 1])
    last = volume.affine @ np.array([16, 12, 5, 1])
    assert first[:3] == pytest.approx(ct.origin[::-1], abs=1e-3)
    assert last[:3] == pytest.approx((-101.7 + 20, -90.2 + 15, -120.3 + 12.5), abs=1e-3)


def test_headers_say_what_is_true_and_that_it_is_simulated(tmp_path: Path) -> None:
    for ds in write(tmp_path, scan(ABDOMEN, contrast=True)):
        assert (ds.Modality, ds.BodyPartExamined, ds.PatientPosition) == ("CT", "ABDOMEN", "HFS")
        assert (ds.KVP, ds.ConvolutionKernel, ds.SliceThickness) == (120, "SOFT", 2.5)
        assert "Simulated" in ds.ImageComments
        assert "simulated" in ds.SeriesDescription
        assert (ds.Manufacturer, ds.SoftwareVersions) == ("Simulator", "test-1")
        assert ds.PatientAge == "061Y"
        assert ds.ContrastBolusAgent == "Simulated contrast agent"
    native = write(tmp_path, scan())[0]
    assert "ContrastBolusAgent" not in native


def test_writing_twice_gives_the_same_bytes_and_each_slice_has_its_uid(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, scan()) for name in ("a", "b"))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert len({ds.SOPInstanceUID for ds in first}) == len(first) == 6
    assert len({ds.SeriesInstanceUID for ds in (*first, *second)}) == 1


def test_values_beyond_twelve_bits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="HU must lie"):
        write(tmp_path, scan(low=-1500))


@pytest.mark.validators
@pytest.mark.parametrize("part", [CHEST, ABDOMEN], ids=lambda part: part.examined)
@pytest.mark.parametrize("contrast", [True, False])
def test_dciodvfy_finds_no_error(tmp_path: Path, part: BodyPart, contrast: bool) -> None:
    require_program("dciodvfy")
    write(tmp_path, scan(part, contrast=contrast))
    for path in sorted(tmp_path.iterdir())[:2]:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert "CTImage" in said
        assert [line for line in said if line.startswith(("Error", "Warning"))] == []
