from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from screening.errors import ConfigurationError
from tests.training.phantoms.test_ct_dicom import scan
from training.phantoms.label_files import STRUCTURE, Segment
from training.simulators.case import Case
from training.simulators.ct_study import kernel, write_study


def test_a_study_holds_slices_labels_and_what_is_segmented(tmp_path: Path) -> None:
    ct = scan(contrast=True)
    mask = np.zeros(ct.hu.shape, bool)
    mask[1:3, 4:8, 5:9] = True
    kind = ("39607008", "SCT", "Lung")
    segments = [
        Segment(label=name, category=STRUCTURE, kind=kind, mask=m) for name, m in (("A", mask), ("B", ~mask & mask))
    ]
    row = write_study(
        Case(tmp_path, 12, 0), replace(ct, seed=12), kind="XY", description="CT",
        labels={"things": mask.astype(np.uint8)}, segments=segments,
    )  # fmt: skip
    folder = tmp_path / "SIM-XY-00000012"
    assert len(list((tmp_path / str(row["file"])).iterdir())) == 6
    image = nibabel.load(tmp_path / str(row["things"]))
    assert isinstance(image, nibabel.Nifti1Image)
    assert np.asarray(image.dataobj).sum() == mask.sum()
    ds = pydicom.dcmread(folder / "segmentation.dcm")
    assert [s.SegmentLabel for s in ds.SegmentSequence] == ["A"], "empty ones are left out"
    assert (row["seed"], row["age"], row["contrast"], row["kvp"]) == (12, "61.3", 1, 120)


def test_nothing_is_written_where_labels_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="nibabel"):
        write_study(Case(tmp_path, 12, 0), scan(), kind="XY", description="CT", labels={}, segments=[])
    assert list(tmp_path.iterdir()) == []


def test_kernels_are_named_by_what_they_do() -> None:
    assert (kernel(0.0), kernel(0.7)) == ("SOFT", "SHARP")
