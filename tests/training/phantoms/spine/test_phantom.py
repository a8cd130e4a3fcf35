import numpy as np
import pytest

from training.phantoms.spine.phantom import MEASURED, SpineCT, draw_person, make_spine_ct
from training.phantoms.spine.vertebrae import LABEL

NATIVE = [61, 62, 63, 64, 65, 66]


@pytest.fixture(scope="module")
def people() -> list[SpineCT]:
    return [make_spine_ct(seed, spacing=(2.5, 2.0, 2.0)) for seed in NATIVE]


def test_a_seed_is_a_phantom() -> None:
    first, second = (make_spine_ct(5, spacing=(4.0, 4.0, 4.0)) for _ in range(2))
    np.testing.assert_array_equal(first.hu, second.hu)
    np.testing.assert_array_equal(first.vertebra_labels, second.vertebra_labels)
    assert first.truth == second.truth
    assert make_spine_ct(6, spacing=(4.0, 4.0, 4.0)).truth != first.truth


def test_volumes_are_volumes(people: list[SpineCT]) -> None:
    for p in people:
        assert p.hu.dtype == np.float32
        assert p.hu.shape == p.vertebra_labels.shape == p.roi.shape == p.muscle_labels.shape == p.grid.shape
        assert p.spacing == (2.5, 2.0, 2.0)
        assert -1024 <= p.hu.min() < -900
        assert set(LABEL.values()) - {17} <= set(np.unique(p.vertebra_labels))
        assert not ((p.vertebra_labels > 0) & (p.muscle_labels > 0)).any()


def test_trabecular_hu_is_what_the_scan_shows(people: list[SpineCT]) -> None:
    for p in people:
        for level in MEASURED:
            seen = p.hu[p.roi == LABEL[level]]
            if level not in p.truth.metal and seen.size > 20 and not p.truth.metal:
                assert seen.mean() == pytest.approx(p.truth.trabecular_hu[level], abs=14)


def test_keypoints_lie_in_their_bodies(people: list[SpineCT]) -> None:
    for p in people:
        for level, point in p.truth.keypoints.items():
            index = tuple(round(i) for i in p.grid.index(point))
            assert p.vertebra_labels[index] == LABEL[level]


def test_water_fat_and_air(people: list[SpineCT]) -> None:
    for p in (q for q in people if not q.truth.metal):
        fat = p.hu[(p.hu > -140) & (p.hu < -60)]
        assert np.median(fat) == pytest.approx(-101, abs=8)
        corner = p.hu[:, :3, :3]
        assert p.acquisition.margin < 0 or corner.mean() == pytest.approx(-1000, abs=30)


def test_what_was_asked_for_is_there() -> None:
    p = make_spine_ct(1, age=55, sex="M", phase="arterial", spacing=(5.0, 2.5, 2.5), external=True)
    assert (p.anatomy.age, p.anatomy.sex, p.anatomy.phase) == (55, "M", "arterial")
    assert p.spacing[0] == 5
    assert p.hu.shape[0] * 5 == pytest.approx(290, abs=70)
    for wrong in ({"age": 7.0}, {"spacing": (0.1, 1.0, 1.0)}):
        with pytest.raises(ValueError, match=r"within"):
            make_spine_ct(1, **wrong)


def test_people_are_eligible() -> None:
    drawn = [draw_person(k) for k in range(400)]
    assert all(50 <= age <= 80 for age, _ in drawn)
    assert 0.5 < np.mean([sex == "F" for _, sex in drawn]) < 0.7


def test_truth_does_not_depend_on_the_voxels() -> None:
    coarse, fine = (make_spine_ct(7, spacing=s) for s in ((4.0, 2.5, 2.5), (2.0, 1.5, 1.5)))
    assert coarse.truth.keypoints == fine.truth.keypoints
    assert coarse.truth.trabecular_hu == fine.truth.trabecular_hu
    assert coarse.truth.muscle.area == pytest.approx(fine.truth.muscle.area, rel=0.08)
    assert coarse.truth.muscle.hu == pytest.approx(fine.truth.muscle.hu, abs=4)
