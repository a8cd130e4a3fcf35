import csv
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from dicom_node.header import read_instance
from dicom_node.pixels.volume import read_volume
from tests.conftest import require_program
from tests.training.simulators.run import digests, run
from training.phantoms.spine.phantom import MEASURED, make_spine_ct
from training.phantoms.spine.vertebrae import LABEL
from training.simulators import bone_muscle_ct as abdomen

SPACING = (6.0, 4.0, 4.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("abdomen")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(abdomen, "SPACING", SPACING)
        for name in ("a", "b"):
            run(made / name, abdomen.COLUMNS, abdomen.write)
    return made


def test_volume_and_labels_are_the_phantoms(folder: Path) -> None:
    ct = make_spine_ct(300_000, spacing=SPACING)
    study = folder / "a/SIM-ABD-00300000"
    files = sorted((study / "ct").iterdir())
    volume = read_volume([(path, read_instance(path, location=path.name)) for path in files])
    np.testing.assert_array_equal(volume.hu, np.round(ct.hu))
    for name, labels in (("vertebrae", ct.vertebra_labels), ("muscles", ct.muscle_labels)):
        image = nibabel.load(study / f"{name}.nii.gz")
        assert isinstance(image, nibabel.Nifti1Image)
        np.testing.assert_array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), labels)
        flip = np.diag([-1.0, -1, 1, 1])
        np.testing.assert_allclose(flip @ image.affine, volume.affine, atol=1e-3)


def test_measurements_are_the_truth(folder: Path) -> None:
    truth = make_spine_ct(300_000, spacing=SPACING).truth
    with (folder / "a/labels.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    for level in MEASURED:
        assert float(row[f"{level}_hu"]) == pytest.approx(truth.trabecular_hu[level], abs=0.06)
        assert int(row[f"{level}_grade"]) == truth.fractures[level].grade
    assert float(row["muscle_area_cm2"]) == pytest.approx(truth.muscle.area, abs=0.06)
    assert float(row["muscle_hu"]) == pytest.approx(truth.muscle.hu, abs=0.06)


def test_vertebrae_and_muscles_are_segmented(folder: Path) -> None:
    ds = pydicom.dcmread(folder / "a/SIM-ABD-00300000/segmentation.dcm")
    names = [segment.SegmentLabel for segment in ds.SegmentSequence]
    assert {f"{level} vertebra" for level in MEASURED} | {"Sacrum", "Muscle: psoas"} <= set(names)
    assert set(abdomen.VERTEBRAE) | {"S1"} == set(LABEL)


def test_the_same_seed_gives_the_same_files(folder: Path) -> None:
    assert digests(folder / "a") == digests(folder / "b")


@pytest.mark.validators
def test_dciodvfy_finds_no_error(folder: Path) -> None:
    require_program("dciodvfy")
    study = folder / "a/SIM-ABD-00300000"
    for path in (study / "ct/0001.dcm", study / "segmentation.dcm"):
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert {"CTImage", "Segmentation"} & set(said)
        assert [line for line in said if line.startswith(("Error", "Warning"))] == []
