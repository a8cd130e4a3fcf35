from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models.pediatric_age_cxr.preprocess import FIELD, prepare
from tests.training.fitting.age_cohorts import discs
from training.cohorts.pediatric_age_cxr import LAYOUT, SPLIT_SEEDS, AgeCohort, ages, nobody, read, simulate
from training.cohorts.table import read_table
from training.phantoms.child.phantom import make_child, oracle_age
from training.phantoms.dicom import PhantomPatient, write_radiograph

SIZE = 64
COUNT = 3


@pytest.fixture(scope="module")
def cohort() -> AgeCohort:
    return simulate("train", COUNT, size=SIZE)


def test_a_row_is_its_phantom(cohort: AgeCohort) -> None:
    phantom = make_child(SPLIT_SEEDS["train"] + 1, longest_side=round(1.2 * SIZE))
    made = prepare(phantom.pixels, phantom.spacing, SIZE)
    np.testing.assert_array_equal(cohort.scaled[1], np.round(made.square * 255))
    assert cohort.scale[1] == pytest.approx(made.scale, abs=1e-5)
    assert cohort.months[1] == pytest.approx(phantom.months)
    assert cohort.oracle[1] == pytest.approx(oracle_age(phantom.truth))
    assert cohort.truths[1, 0] == pytest.approx(phantom.truth.maturity / 100)
    assert cohort.sexes[1] == phantom.sex
    assert cohort.patients[1] == f"SIM-CHILD-{phantom.seed}"
    assert cohort.known.all()


def test_splits_are_other_children_and_the_cache_keeps_them(tmp_path: Path, cohort: AgeCohort) -> None:
    told: list[tuple[int, int]] = []
    kept = simulate("train", COUNT, size=SIZE, cache=tmp_path, progress=lambda *step: told.append(step))
    assert told[-1] == (COUNT, COUNT)
    again = simulate("train", COUNT, size=SIZE, cache=tmp_path, progress=lambda *_: pytest.fail("drawn twice"))
    for one in (kept, again):
        np.testing.assert_array_equal(one.scaled, cohort.scaled)
        assert one.patients == cohort.patients
    other = simulate("test", 1, size=SIZE)
    assert not set(other.patients) & set(cohort.patients)
    assert not np.array_equal(other.scaled[0], cohort.scaled[0])


@pytest.mark.parametrize(("split", "count"), [("training", 3), ("train", 0)])
def test_wrong_wishes_are_refused(split: str, count: int) -> None:
    with pytest.raises(ValueError, match="split must be one of"):
        simulate(split, count, size=SIZE)


def test_forgetting_the_size_keeps_all_else() -> None:
    known = discs(4)
    loose = known.without_size()
    assert not loose.known.any()
    assert not loose.scale.any()
    np.testing.assert_array_equal(loose.scaled, known.filled)
    np.testing.assert_array_equal(loose.months, known.months)


def test_laid_anew_with_its_own_length_a_picture_hardly_changes() -> None:
    known = discs(6)
    again = known.with_length(known.length)
    off = np.abs(again.scaled.astype(float) - known.scaled.astype(float)).mean()
    other = np.abs(known.with_length(known.length * 1.5).scaled.astype(float) - known.scaled.astype(float)).mean()
    assert off < 0.2 * other
    np.testing.assert_allclose(again.scale, known.scale, atol=1e-5)
    inner = np.round(SIZE * known.length * 1.5 / FIELD)
    assert (known.with_length(known.length * 1.5).scaled.max(2) > 0).sum(1) == pytest.approx(np.minimum(inner, SIZE))


def test_rows_are_taken_by_index_and_by_flag() -> None:
    known = discs(5)
    assert known.take([3, 1]).patients == ("P3", "P1")
    assert known.take(known.sex == 1).patients == ("P1", "P3")
    assert len(nobody(SIZE)) == 0
    assert nobody(SIZE).size == SIZE


def test_a_site_s_table(tmp_path: Path) -> None:
    child = make_child(1, longest_side=96)
    for name in ("a", "b", "c"):
        write_radiograph(
            tmp_path / f"{name}.dcm", child, patient=PhantomPatient(patient_id="P", name="", birth_date=None),
            study_instance_uid=f"1.2.{ord(name)}", acquired=datetime(2026, 1, 5, 8, tzinfo=UTC),
        )  # fmt: skip
    (tmp_path / "bad.dcm").write_bytes(b"no DICOM")
    lines = [
        "patient_id,images,true_value,sex,vendor", "P1,a.dcm,100,F,Acme", "P2,bad.dcm,90,M,", "P3,b.dcm,400,M,",
        "P4,c.dcm,30,,", "P5,a.dcm|c.dcm,30,M,",
    ]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(lines))
    table = read_table(tmp_path / "t.csv", LAYOUT)
    cohort, bad = read(table, size=SIZE)
    assert cohort.patients == ("P1", "P4")
    assert cohort.sexes == ["F", None]
    assert cohort.vendor.tolist() == ["Acme", ""]
    assert cohort.months.tolist() == [100, 30]
    assert np.isnan(cohort.oracle).all()
    # 12 bits and a header that rounds: nearly what the phantom gives
    expected = prepare(child.pixels, child.spacing, SIZE)
    np.testing.assert_allclose(cohort.scaled[0] / 255, expected.square, atol=0.03)
    assert [row.line for row in (*table.bad, *bad)] == [6, 3, 4]
    assert str(bad[0]).startswith("line 3: images cannot be read: ")
    assert str(bad[1]) == "line 4: true_value must be an age from 0 to below 229 months"


def test_a_table_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.dcm").write_bytes(b"no DICOM")
    (tmp_path / "t.csv").write_text("patient_id,images,true_value,sex,vendor\nP2,bad.dcm,90,M,")
    cohort, bad = read(read_table(tmp_path / "t.csv", LAYOUT), size=SIZE)
    assert len(cohort) == 0
    assert [row.line for row in bad] == [2]


def test_ages_without_pictures() -> None:
    drawn = simulate("external", 3, size=64, seed=2)
    assert ages("external", 3, seed=2).tolist() == drawn.months.tolist()
