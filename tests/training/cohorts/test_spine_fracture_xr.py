from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from models.spine_fracture_xr.clinical import ITEMS
from tests.training.spine_people import cohort, few
from training.cohorts.spine_fracture_xr import LAYOUT, TRUTH, lives, of_people, read, simulate
from training.cohorts.table import read_table
from training.phantoms.canvas import Array
from training.phantoms.dicom import PhantomPatient, write_radiograph
from training.phantoms.spine.radiograph import LumbarRadiograph, make_lumbar_radiograph

HEADER = "patient_id,images,time,event,age,sex,bmi,prior_fracture,glucocorticoid,secondary_osteoporosis,"
HEADER += "rheumatoid_arthritis,frax,vendor"


def test_simulated_people_are_whole() -> None:
    people = cohort()
    assert len(people) == 6
    assert people.simulated
    assert people.clinical.shape == (6, len(ITEMS))
    assert people.truth.shape == (6, len(TRUTH))
    assert set(people.sex) <= {"F", "M"}
    assert set(people.age_band) <= {"50-59", "60-69", "70-75"}
    assert len(set(people.patients)) == 6
    assert np.isnan(people.frax).all()  # licensed: never computed
    np.testing.assert_array_equal(people.take(np.array([4, 1])).lp, people.lp[[4, 1]])


def test_simulate_is_its_parts() -> None:
    found, made = simulate("train", 2, size=96), of_people(few(6), "train").take(np.arange(2))
    np.testing.assert_array_equal(found.images, made.images)
    np.testing.assert_array_equal(found.lp, made.lp)


def test_lives_share_pictures_and_differ_in_fate() -> None:
    people = cohort()
    first, second = lives(people, "train", 2, follow_up="long")
    assert first.images is people.images
    assert (first.time != second.time).all()
    assert (first.time != people.time).any()
    moved = people.with_points(people.points + 1)
    np.testing.assert_allclose(moved.points, people.points + 1)


@dataclass(frozen=True)
class _Film:
    """A phantom's radiograph as the writer of DICOM wants it."""

    drawn: LumbarRadiograph
    view: Literal["LL"] = "LL"

    @property
    def seed(self) -> int:
        return self.drawn.seed

    @property
    def age(self) -> float:
        return self.drawn.age

    @property
    def sex(self) -> Literal["M", "F"]:
        return self.drawn.sex

    @property
    def pixels(self) -> Array:
        return self.drawn.pixels

    @property
    def spacing(self) -> tuple[float, float]:
        return self.drawn.spacing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drawn = make_lumbar_radiograph(5, longest_side=128)
    write_radiograph(
        tmp_path / "a.dcm", _Film(drawn), study_instance_uid="1.2.3", acquired=datetime(2024, 5, 1, 10, 0, tzinfo=UTC),
        patient=PhantomPatient(patient_id="P1", name="X", birth_date=date(1960, 1, 1)),
    )  # fmt: skip
    (tmp_path / "b.dcm").write_bytes(b"no image")
    rows = ("P1,a.dcm,731,1,62,F,24.5,0,1,,0,0.11,Acme", "P2,b.dcm,400,0,70,M,,0,0,0,0,,")
    (tmp_path / "cohort.csv").write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return tmp_path


def test_a_site_s_people_are_read_and_a_bad_image_is_named(folder: Path) -> None:
    seen = []
    table = read_table(folder / "cohort.csv", LAYOUT)
    people, bad = read(table, size=128, progress=lambda done, total: seen.append((done, total)))
    assert [row.line for row in bad] == [3]
    assert "readable radiograph" in str(bad[0])
    assert "b.dcm" not in str(bad[0])
    assert people.images.shape == (1, 1, 128, 128)
    assert people.images.max() == 255
    assert people.time.tolist() == pytest.approx([731 / 365.25])
    assert people.event.tolist() == [True]
    assert people.frax.tolist() == [0.11]
    assert people.vendor.tolist() == ["Acme"]
    known = dict(zip(ITEMS, people.clinical[0].tolist(), strict=True))
    assert known["age"] == 62
    assert known["female"] == 1
    assert np.isnan(known["secondary_osteoporosis"])
    assert not people.simulated
    assert lives(people, "test", 5) == [people]
    assert seen == [(1, 2), (2, 2)]


def test_a_table_without_usable_images(folder: Path) -> None:
    (folder / "a.dcm").write_bytes(b"")
    people, bad = read(read_table(folder / "cohort.csv", LAYOUT), size=64)
    assert len(people) == 0
    assert len(bad) == 2
    assert people.clinical.shape == (0, 7)
    assert people.images.shape == (0, 1, 64, 64)
