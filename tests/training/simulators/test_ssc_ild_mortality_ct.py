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
from training.phantoms.lung.phantom import make_chest_ct
from training.simulators import ssc_ild_mortality_ct as chest

SPACING = (6.0, 4.0, 4.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("chest")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chest, "SPACING", SPACING)
        for name in ("a", "b"):
            run(made / name, chest.COLUMNS, chest.write)
    return made


def test_volume_and_labels_are_the_phantoms(folder: Path) -> None:
    ct = make_chest_ct(300_000, spacing=SPACING)
    study = folder / "a/SIM-ILD-00300000"
    files = sorted((study / "ct").iterdir())
    volume = read_volume([(path, read_instance(path, location=path.name)) for path in files])
    np.testing.assert_array_equal(volume.hu, np.round(ct.hu))
    for name, labels in (("lobes", ct.lobe_labels), ("patterns", ct.pattern_labels)):
        image = nibabel.load(study / f"{name}.nii.gz")
        assert isinstance(image, nibabel.Nifti1Image)
        np.testing.assert_array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), labels)
        flip = np.diag([-1.0, -1, 1, 1])
        np.testing.assert_allclose(flip @ image.affine, volume.affine, atol=1e-3)


def test_measurements_are_the_truth(folder: Path) -> None:
    truth = make_chest_ct(300_000, spacing=SPACING).truth
    with (folder / "a/labels.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    for name in chest.SHARES:
        assert float(row[name]) == pytest.approx(getattr(truth, name), abs=1e-4)
    assert float(row["lower_third"]) == pytest.approx(truth.zones["lower"], abs=1e-4)
    assert float(row["pulmonary_artery_mm"]) == pytest.approx(truth.pulmonary_artery, abs=0.06)
    assert float(row["lung_volume_ml"]) == pytest.approx(truth.lung_volume_ml, abs=0.6)


def test_lungs_and_patterns_are_segmented(folder: Path) -> None:
    ct = make_chest_ct(300_000, spacing=SPACING)
    ds = pydicom.dcmread(folder / "a/SIM-ILD-00300000/segmentation.dcm")
    names = [segment.SegmentLabel for segment in ds.SegmentSequence]
    assert names[:4] == ["Right lung", "Left lung", "Ground glass opacity", "Reticular pattern"]
    assert ("Honeycomb pattern" in names) == bool((ct.pattern_labels == 3).any())
    right, left = (segment.mask for segment in chest.segments(ct)[:2])
    assert np.nonzero(right)[2].mean() < np.nonzero(left)[2].mean(), "columns run to the left"
    np.testing.assert_array_equal(right | left, ct.lung_mask)


def test_the_same_seed_gives_the_same_files(folder: Path) -> None:
    assert digests(folder / "a") == digests(folder / "b")


@pytest.mark.validators
def test_dciodvfy_finds_no_error(folder: Path) -> None:
    require_program("dciodvfy")
    study = folder / "a/SIM-ILD-00300000"
    for path in (study / "ct/0001.dcm", study / "segmentation.dcm"):
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert {"CTImage", "Segmentation"} & set(said)
        assert [line for line in said if line.startswith(("Error", "Warning"))] == []
