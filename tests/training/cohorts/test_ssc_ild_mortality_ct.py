import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tests.dicom_node.build import CT, image
from tests.dicom_node.build import write as write_dicom
from tests.models.ssc_ild_mortality_ct.chests import make_chest
from training.cohorts.ssc_ild_mortality_ct import FEATURES, LAYOUT, SPLIT_SEEDS, IldCohort, read, simulate
from training.cohorts.table import BadRow, read_table

SIZE, SLICES = 32, 3
HEADER = "patient_id,images,time,event,age,sex,vendor"


@pytest.fixture(scope="module")
def cohort() -> IldCohort:
    return simulate("test", 4, size=SIZE, slices=SLICES)


def test_all_scans_of_so_many_patients(cohort: IldCohort) -> None:
    assert len(set(cohort.patients)) == 4 <= len(cohort)
    assert cohort.images.shape == (len(cohort), SLICES, SIZE, SIZE)
    assert cohort.features.shape == (len(cohort), len(FEATURES))
    assert cohort.known
    assert all(len(getattr(cohort, f.name)) == len(cohort) for f in fields(cohort))


def test_a_cohort_is_kept_and_does_not_hang_on_workers(cohort: IldCohort, tmp_path: Path) -> None:
    first = simulate("test", 4, size=SIZE, slices=SLICES, cache=tmp_path, workers=2)
    again = simulate("test", 4, size=SIZE, slices=SLICES, cache=tmp_path)
    for f in fields(cohort):
        assert np.array_equal(getattr(first, f.name), getattr(cohort, f.name)), f.name
        assert np.array_equal(getattr(again, f.name), getattr(cohort, f.name)), f.name


def test_splits_are_of_other_patients(cohort: IldCohort) -> None:
    others = simulate("validation", 2, size=SIZE, slices=SLICES)
    assert not set(cohort.patients) & set(others.patients)
    assert len(set(SPLIT_SEEDS.values())) == 4


def test_some_of_the_scans(cohort: IldCohort) -> None:
    last = cohort.take([len(cohort) - 1])
    assert len(last) == 1
    assert last.patients == cohort.patients[-1:]


@pytest.mark.parametrize(("split", "count"), [("else", 1), ("test", 0)])
def test_what_cannot_be_drawn(split: str, count: int) -> None:
    with pytest.raises(ValueError, match="split must be"):
        simulate(split, count, size=SIZE)


def scan(folder: Path, hu: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", spacing: float) -> Path:
    folder.mkdir()
    for number, picture in enumerate(hu):
        data_set = image(
            np.round(picture + 1024).astype(np.int16), CT, number + 1, Modality="CT", RescaleSlope=1,
            RescaleIntercept=-1024, ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[2.5, 2.5],
            ImagePositionPatient=[0, 0, spacing * number],
        )  # fmt: skip
        write_dicom(folder / f"{number:03}.dcm", data_set)
    return folder


def test_a_sites_scans(tmp_path: Path) -> None:
    chest = np.repeat(make_chest(), 2, 0)
    scan(tmp_path / "good", chest, 2.5)
    scan(tmp_path / "thick", make_chest(), 5.0)
    scan(tmp_path / "short", chest[:40], 2.5)
    scan(tmp_path / "empty", np.full((90, 40, 40), -1000, np.float32), 2.5)
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "note.txt").write_text("no picture")
    lines = [HEADER, "A,good,730.5,1,61,F,Any"]
    lines += [f"B{number},{name},365,0,,," for number, name in enumerate(("thick", "short", "empty", "text"))]
    (tmp_path / "cohort.csv").write_text("\n".join(lines), encoding="utf-8")
    found, bad = read(read_table(tmp_path / "cohort.csv", LAYOUT), size=SIZE, slices=SLICES)
    assert found.patients == ("A",)
    assert found.time.tolist() == [2.0]
    assert found.event.tolist() == [True]
    assert (found.age.item(), found.sex.item(), found.vendor.item()) == (61, "F", "Any")
    assert not found.known
    assert np.isnan(found.lp).all()
    assert found.images.shape == (1, SLICES, SIZE, SIZE)
    assert 0 < found.features[0, FEATURES.index("form_volume")] < 6000
    assert_faults(bad, {3: r"every 3 mm or less, got 5.0", 4: "cover 200 mm", 5: "show the lungs", 6: "header"})


def assert_faults(bad: tuple[BadRow, ...], wanted: dict[int, str]) -> None:
    assert [row.line for row in bad] == list(wanted)
    for row in bad:
        assert re.search(wanted[row.line], str(row)), str(row)


def test_a_table_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"nothing")
    (tmp_path / "cohort.csv").write_text(f"{HEADER}\nA,a.dcm,10,0,,,", encoding="utf-8")
    found, bad = read(read_table(tmp_path / "cohort.csv", LAYOUT), size=SIZE, slices=SLICES)
    assert len(found) == 0
    assert len(bad) == 1
    assert found.images.shape == (0, SLICES, SIZE, SIZE)
