import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from screening.errors import ConfigurationError
from tests.conftest import require_program
from tests.training.phantoms.test_ct_dicom import WHEN, scan, write
from training.phantoms.label_files import ABNORMAL, STRUCTURE, Segment, write_nifti, write_segmentation

LUNG, GLASS = ("39607008", "SCT", "Lung"), ("112120", "DCM", "Ground glass opacity")


def masks() -> tuple[np.ndarray, np.ndarray]:
    lung = np.zeros((6, 13, 17), bool)
    lung[1:5, 3:9, 4:12] = True
    glass = np.zeros_like(lung)
    glass[2:4, 3:5, 4:6] = True
    return lung, glass


def segmentation(folder: Path) -> Path:
    ct = scan()
    sources = write(folder / "ct", ct)
    lung, glass = masks()
    segments = [Segment(label="Lung", category=STRUCTURE, kind=LUNG, mask=lung),
                Segment(label="Ground glass", category=ABNORMAL, kind=GLASS, mask=glass)]  # fmt: skip
    path = folder / "segmentation.dcm"
    write_segmentation(path, segments, sources, ct, acquired=WHEN, description="True labels")
    return path


def test_a_segmentation_marks_the_slices_that_it_was_made_of(tmp_path: Path) -> None:
    import highdicom as hd

    ds = hd.seg.segread(segmentation(tmp_path))
    slices = [pydicom.dcmread(path) for path in sorted((tmp_path / "ct").iterdir())]
    found = ds.get_pixels_by_source_instance([s.SOPInstanceUID for s in slices], ignore_spatial_locations=True)
    for number, mask in enumerate(masks()):
        np.testing.assert_array_equal(found[..., number], mask)
    assert [s.SegmentLabel for s in ds.SegmentSequence] == ["Lung", "Ground glass"]
    assert ds.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodeValue == "112120"
    assert (ds.PatientID, ds.StudyInstanceUID) == (slices[0].PatientID, slices[0].StudyInstanceUID)
    assert ds.ContentLabel == "SIMULATED"


def test_a_segmentation_knows_neither_clock_nor_chance(tmp_path: Path) -> None:
    first, second = (segmentation(tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    ds = pydicom.dcmread(first)
    days = {str(e.value)[:8] for e in ds.iterall() if e.VR in ("DA", "DT") and e.keyword != "PatientBirthDate"}
    assert days == {"20260105"}


def test_nifti_has_the_axes_of_the_scan(tmp_path: Path) -> None:
    ct = scan()
    labels = masks()[0].astype(np.uint8) * 3
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, labels, ct)
    image = nibabel.load(tmp_path / "a.nii.gz")
    assert isinstance(image, nibabel.Nifti1Image)
    np.testing.assert_array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), labels)
    assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
    z0, y0, x0 = ct.origin
    place = image.affine @ np.array([4, 3, 1, 1])
    assert place[:3] == pytest.approx((-(x0 + 5), -(y0 + 3.75), z0 + 2.5), abs=1e-3)
    assert image.get_data_dtype() == np.uint8


def test_nifti_is_the_same_each_time(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_nifti(tmp_path / folder / "labels.nii.gz", masks()[0].astype(np.uint8), scan())
    assert (tmp_path / "a/labels.nii.gz").read_bytes() == (tmp_path / "b/labels.nii.gz").read_bytes()


def test_without_nibabel_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"opportune\[training\]"):
        write_nifti(tmp_path / "a.nii.gz", masks()[0].astype(np.uint8), scan())


@pytest.mark.validators
def test_dciodvfy_finds_no_error(tmp_path: Path) -> None:
    require_program("dciodvfy")
    done = subprocess.run(["dciodvfy", str(segmentation(tmp_path))], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert "Segmentation" in said
    assert [line for line in said if line.startswith(("Error", "Warning"))] == []
