"""Simulated patients, and a site's table with everything that goes wrong with files."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from models.cap_mortality_cxr import preprocess
from models.frontal_gate import FrontalNet, frontal_score
from training.cohorts.cap_mortality_cxr import LAYOUT, TOP, CapCohort, read, simulate
from training.cohorts.table import BadRow, read_table
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.dicom import PhantomPatient, write_radiograph

HEADER = "patient_id,images,event,confusion,urea_mmol_per_l,respiratory_rate,systolic_mmhg,diastolic_mmhg,age_years"
VITALS = "0,8.1,24,118,70,71"
WHEN = datetime(2026, 1, 5, 8, tzinfo=UTC)
SIZE = 64


def write(path: Path, seed: int, *, born: date | None = date(1950, 1, 1)) -> None:
    write_radiograph(
        path, make_phantom(seed, longest_side=200), acquired=WHEN, study_instance_uid=f"1.2.{seed}",
        patient=PhantomPatient(patient_id=str(seed), name="x", birth_date=born),
    )  # fmt: skip


def spoil(folder: Path) -> list[str]:
    """Lines of a table: two good rows and every kind of bad one."""
    write(folder / "good.dcm", 1)
    (folder / "study").mkdir()
    write(folder / "study" / "a.dcm", 2)
    (folder / "study" / "notes.txt").write_text("no image")
    (folder / "cut.dcm").write_bytes((folder / "good.dcm").read_bytes()[:9000])
    (folder / "head.dcm").write_bytes((folder / "good.dcm").read_bytes()[:200])
    (folder / "text.dcm").write_text("This is no DICOM file.")
    write(folder / "ct.dcm", 3)
    data = pydicom.dcmread(folder / "ct.dcm")
    data.Modality = "CT"
    data.save_as(folder / "ct.dcm")
    write(folder / "child.dcm", 4, born=date(2015, 1, 1))
    write(folder / "ageless.dcm", 5, born=None)
    write(folder / "aged.dcm", 6, born=None)
    data = pydicom.dcmread(folder / "good.dcm")
    data.PixelData = b"\0" * len(data.PixelData)
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3.4")
    data.save_as(folder / "blank.dcm")
    (folder / "empty").mkdir()
    names = ["good.dcm", "study", "cut.dcm", "head.dcm", "text.dcm", "ct.dcm", "child.dcm", "ageless.dcm", "aged.dcm",
             "blank.dcm", "empty", "missing.dcm"]  # fmt: skip
    lines = [f"P{k},{name},{k % 2},{VITALS}" for k, name in enumerate(names)]
    lines[7] = "P7,ageless.dcm,1,0,8.1,24,118,70,"
    return [HEADER, *lines, f"P99,other.dcm,3,{VITALS}"]


def read_site(folder: Path) -> tuple[CapCohort, dict[int, str]]:
    path = folder / "ours.csv"
    path.write_text("\n".join(spoil(folder)) + "\n")
    table = read_table(path, LAYOUT)
    cohort, bad = read(table, size=SIZE)
    rows: tuple[BadRow, ...] = (*table.bad, *bad)
    return cohort, {row.line: str(row) for row in rows}


def test_good_rows_are_read_and_each_bad_one_has_its_reason(tmp_path: Path) -> None:
    cohort, bad = read_site(tmp_path)
    assert cohort.patient_id == ("P0", "P1", "P8")
    assert cohort.line == (2, 3, 10)
    assert cohort.died.tolist() == [0, 1, 0]
    assert cohort.curb65.tolist() == [2, 2, 2]
    assert np.isnan(cohort.oracle).all()
    wanted = {
        4: "decoded", 5: "the file ends", 6: "DICOM", 7: "wrong-modality", 8: "not-adult", 9: "age-unknown",
        11: "image-blank", 12: "must hold a DICOM file", 13: "must be files or folders that exist", 14: "event",
    }  # fmt: skip
    assert sorted(bad) == sorted(wanted)
    for line, said in wanted.items():
        assert said in bad[line], bad[line]
        assert str(tmp_path) not in bad[line]


def test_groups_are_the_header_s_and_a_table_s_age_helps_out(tmp_path: Path) -> None:
    cohort, _ = read_site(tmp_path)
    assert cohort.groups["age_band"] == ("65 to < 80",) * 3
    assert cohort.groups["vendor"] == ("Simulator",) * 3
    assert set(cohort.groups["sex"]) <= {"M", "F"}
    assert set(cohort.groups["view"]) <= {"PA", "AP"}


def test_the_picture_is_what_the_node_prepares(tmp_path: Path) -> None:
    cohort, _ = read_site(tmp_path)
    phantom = make_phantom(1, longest_side=200)
    square, _ = preprocess.prepare((np.round(phantom.pixels * 4095) / 4095).astype(np.float32), SIZE)
    np.testing.assert_allclose(cohort.images[0] / TOP, square, atol=2e-3)
    gate = FrontalNet().eval()
    assert cohort.gate is not None
    assert cohort.gate.shape == (3, 64, 64)
    assert frontal_score(gate, (cohort.gate[0] / TOP).astype(np.float32)) == pytest.approx(
        frontal_score(gate, phantom.pixels), abs=0.05
    )


def test_a_table_without_a_readable_image_gives_an_empty_cohort(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("no")
    path = tmp_path / "ours.csv"
    path.write_text(f"{HEADER}\nP1,text.dcm,1,{VITALS}\n")
    cohort, bad = read(read_table(path, LAYOUT), size=SIZE)
    assert len(cohort) == 0
    assert cohort.images.shape == (0, SIZE, SIZE)
    assert len(bad) == 1


def test_simulated_patients_have_vitals_and_groups(tmp_path: Path) -> None:
    cohort = simulate("test", 4, size=SIZE, cache=tmp_path)
    assert cohort.images.shape == (4, SIZE, SIZE)
    assert cohort.images.max() == TOP
    assert cohort.gate is None
    assert np.isfinite(cohort.curb65).all()
    assert np.isfinite(cohort.oracle).all()
    assert set(cohort.groups) == {"sex", "view", "age_band", "vendor"}
    assert len(set(cohort.patient_id) | set(simulate("test", 4, size=SIZE, seed=1).patient_id)) == 8
