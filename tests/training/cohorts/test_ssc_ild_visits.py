import numpy as np
import pytest

from training.cohorts.ssc_ild_visits import ACQUISITION, Row, Visit, draw_patient
from training.phantoms.lung.phantom import Scene

SEEDS = range(11, 15)


@pytest.fixture(scope="module")
def patients() -> list[list[Row]]:
    return [draw_patient(seed, slices=4, size=48, most=3, external=False) for seed in SEEDS]


def test_a_row_for_each_scan(patients: list[list[Row]]) -> None:
    assert max(len(rows) for rows in patients) > 1
    for rows in patients:
        assert [float(row["year"]) for row in rows] == sorted(float(row["year"]) for row in rows)
        assert len({str(row["patient_id"]) for row in rows}) == 1
        ends = {round(float(row["year"] + row["time"]), 3) for row in rows}
        assert len(ends) == 1  # one death or one last visit
        assert len({bool(row["event"]) for row in rows}) == 1


def test_what_a_row_holds(patients: list[list[Row]]) -> None:
    row = patients[0][0]
    assert row["images"].shape == (4, 48, 48)
    assert row["images"].dtype == np.uint8
    assert row["patterns"].shape == (4, 3)
    assert 0 < row["patterns"].sum() < 4
    assert row["acquisition"].shape == (len(ACQUISITION),)
    assert row["risk"].shape == (5,)
    assert (np.diff(row["risk"]) > 0).all()
    assert np.isfinite(row["features"]).all()


def test_the_same_seed_draws_the_same_patient(patients: list[list[Row]]) -> None:
    again = draw_patient(SEEDS[0], slices=4, size=48, most=3, external=False)
    assert len(again) == len(patients[0])
    for name, value in patients[0][0].items():
        assert np.array_equal(again[0][name], value), name


def test_the_years_change_the_patient_and_nothing_else_does() -> None:
    first, later = Visit(21, rate=0.2), Visit(21, False, 1, 2.0, 0.2)
    assert Scene(21).person == first.person
    assert later.person.age == first.person.age + 2
    assert later.person.extent == pytest.approx(min(0.7, first.person.extent * np.exp(0.4)))
    assert later.signs.artery > first.signs.artery
    assert later.person.heart == first.person.heart
    assert later.acquisition != first.acquisition


def test_the_picture_does_not_hang_on_the_fate() -> None:
    """Of one patient the first scan is the same, however many are planned."""
    few, many = (draw_patient(31, slices=2, size=32, most=most, external=False) for most in (1, 4))
    assert np.array_equal(few[0]["images"], many[0]["images"])


def test_another_hospital() -> None:
    here, there = (draw_patient(41, slices=2, size=32, most=1, external=e) for e in (False, True))
    assert not np.array_equal(here[0]["images"], there[0]["images"])
