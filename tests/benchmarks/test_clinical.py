"""Studies of any size are read by the models that they are meant for; small ones here."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from benchmarks.clinical import RADIOGRAPHS, SCANS, ClinicalStudies, enlarged
from models import registry
from training.phantoms.ct_dicom import CtScan
from worker.screen_folder import read_folder


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> ClinicalStudies:
    return ClinicalStudies(tmp_path_factory.mktemp("clinical") / "templates", longest_side=400, slices=110, side=96)


@pytest.mark.parametrize("model", [*RADIOGRAPHS, *SCANS])
def test_a_new_patients_study_is_chosen_by_its_model(studies: ClinicalStudies, model: str, tmp_path: Path) -> None:
    paths = studies.copy(model, 7, tmp_path / "study")
    assert len(paths) == studies.images(model) == (110 if model in SCANS else 1)
    (study,), unread = read_folder(tmp_path)
    assert not unread
    assert registry.selector(model)(study).chosen is not None
    assert study.study_instance_uid != dcmread(paths[0].parent / "0.dcm").SOPInstanceUID


def test_without_scans_there_are_radiographs(tmp_path: Path) -> None:
    only = ClinicalStudies(tmp_path / "templates", longest_side=200, scans=False)
    assert only.images("cap_mortality_cxr") == 1
    assert sorted(path.name for path in only.folder.iterdir()) == sorted(RADIOGRAPHS)


def test_an_enlarged_scan_shows_the_same_at_the_same_place() -> None:
    hu = np.full((10, 12, 20), -1000, np.float32)
    hu[4:6, 5:7, 9:11] = 500
    scan = CtScan(
        seed=1, age=60, sex="F", hu=hu, spacing=(3.0, 1.0, 1.0), origin=(-15.0, 4.0, 7.0), kvp=120, kernel="SOFT",
        contrast=False, simulator="1",
    )  # fmt: skip
    large = enlarged(scan, 30, 40)
    assert large.hu.shape == (30, 40, 40)
    assert large.spacing == (1.0, 0.5, 0.5)
    assert large.origin == (-16.0, -0.25, 6.75)
    middle = np.argwhere(large.hu == large.hu.max()).mean(0) * large.spacing + large.origin
    was = np.argwhere(hu == 500).mean(0) * scan.spacing + scan.origin
    assert np.abs(middle - was).max() < 0.6
