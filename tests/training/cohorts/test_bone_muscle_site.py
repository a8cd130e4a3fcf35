"""A site's CTs by its table."""

from pathlib import Path

import numpy as np
import pytest

from models.bone_muscle_ct import prepare
from models.bone_muscle_ct.segmentation import SegmentationNet
from tests.dicom_node.build import CT, image, write
from tests.models.bone_muscle_ct.truth import true_segmentation
from training.cohorts.bone_muscle_site import LAYOUT, read
from training.cohorts.table import read_table
from training.phantoms.spine.phantom import SpineCT, make_spine_ct

HEADER = "patient_id,images,time,event,age_years,sex,fracture_now,frax,vendor"


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(8, spacing=(4.0, 4.0, 4.0))


def write_ct(folder: Path, ct: SpineCT, *, thickness: float = 4.0) -> None:
    folder.mkdir()
    for k, hu in enumerate(ct.hu):
        z, y, x = ct.grid.origin
        write(folder / f"{k}.dcm", image(
            np.round(hu).astype(np.int16), CT, k + 1, Modality="CT", ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[x, y, z + thickness * k], PixelSpacing=[4.0, 4.0], RescaleSlope=1, RescaleIntercept=0,
        ))  # fmt: skip


def test_a_ct_and_its_labels(tmp_path: Path, ct: SpineCT, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "segment", lambda *_args, **_options: true_segmentation(ct))
    write_ct(tmp_path / "a", ct)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.txt").write_text("no image")
    (tmp_path / "table.csv").write_text(f"{HEADER}\nA,a,730.5,1,66,F,1,0.21,Acme\nB,b,10,0,60,M,,,\n")
    table = read_table(tmp_path / "table.csv", LAYOUT)
    cohort, bad = read(table, SegmentationNet((4, 4)), size=16, pixel=12.0)
    assert cohort.patients == ("A",)
    assert cohort.time[0, 0] == pytest.approx(2.0)
    assert cohort.event[0, 0]
    assert cohort.fractured.tolist() == [1]
    assert cohort.age[0] == 66
    assert cohort.sex[0] == "F"
    assert cohort.frax[0] == pytest.approx(0.21)
    assert cohort.vendor[0] == "Acme"
    assert np.isnan(cohort.lp[0])
    assert np.isfinite(cohort.muscle).all()
    assert cohort.present.all()
    assert [row.line for row in bad] == [3]
    assert "CT series" in str(bad[0]) or "can be read" in str(bad[0])


def test_thick_slices_metal_and_uncounted_spines_are_named(
    tmp_path: Path, ct: SpineCT, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = true_segmentation(ct)
    write_ct(tmp_path / "thick", ct, thickness=7.0)
    write_ct(tmp_path / "whole", ct)
    (tmp_path / "table.csv").write_text(f"{HEADER}\nA,thick,1,1,,,,,\nB,whole,1,1,,,,,\n")
    table = read_table(tmp_path / "table.csv", LAYOUT)

    def said(**changes: object) -> list[str]:
        values = {name: getattr(truth, name) for name in truth.__dataclass_fields__} | changes
        monkeypatch.setattr(prepare, "segment", lambda *_args, **_options: type(truth)(**values))
        cohort, bad = read(table, SegmentationNet((4, 4)), size=16, pixel=12.0)
        assert len(cohort) == 0
        assert cohort.pictures.shape == (0, 16, 16, 16)
        return [str(row) for row in bad]

    first, second = said(doubtful=True)
    assert "every 5 mm or less, got 7.0 mm" in first
    assert "can be counted" in second
    assert "must show L1-L4" in said(levels=truth.levels[:3])[1]
