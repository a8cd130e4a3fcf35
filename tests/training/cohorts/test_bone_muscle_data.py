"""The arrays that the networks learn from."""

import numpy as np
import pytest

from models.bone_muscle_ct.preprocess import Stack
from training.cohorts.bone_muscle_data import BoneMuscleCohort, by_level, pack, unpack


def cohort(count: int = 4, *, size: int = 16, fates: int = 2, seed: int = 0) -> BoneMuscleCohort:
    """People of noise: pictures bright where a level is fractured, so that something can be learned."""
    rng = np.random.default_rng(seed)
    broken = (rng.random((count, 6)) < 0.3).astype(np.float32)
    pictures = rng.integers(0, 255, (count, 16, size, size)).astype(np.uint8)
    lp = rng.normal(0, 1, count).astype(np.float32)
    time = rng.exponential(6 * np.exp(-lp)[:, None], (count, fates)).astype(np.float32)
    return BoneMuscleCohort(
        pictures=pictures, masks=rng.integers(0, 255, (count, 2, 16, size, size // 8)).astype(np.uint8),
        present=np.ones((count, 16), np.bool_), trabecular=rng.normal(130, 40, (count, 6)).astype(np.float32),
        muscle=rng.normal((40, 90), (10, 20), (count, 2)).astype(np.float32), broken=broken,
        time=np.minimum(time, 8), event=time <= 8, lp=lp, age=rng.uniform(50, 80, count).astype(np.float32),
        sex=np.array(["F", "M"] * count)[:count], frax=np.full(count, np.nan, np.float32),
        patient_id=np.array([str(k) for k in range(count)]), told=np.full(count, np.nan, np.float32),
        vendor=np.full(count, "Simulator"),
    )  # fmt: skip


def test_masks_survive_packing() -> None:
    rng = np.random.default_rng(0)
    bone, muscle = rng.random((2, 16, 24, 24)) < 0.5
    stack = Stack(pictures=np.zeros((16, 24, 24), np.uint8), bone=bone, muscle=muscle, present=np.ones(16, np.bool_))
    back = unpack(pack(stack), 24)
    np.testing.assert_array_equal(back[0], bone)
    np.testing.assert_array_equal(back[1], muscle)


def test_some_people() -> None:
    people = cohort(5)
    some = people.take([3, 1])
    assert some.patients == ("3", "1")
    np.testing.assert_array_equal(some.time, people.time[[3, 1]])


def test_a_person_is_fractured_if_a_level_is_or_if_told_so() -> None:
    people = cohort(4)
    people.broken[:] = np.array([[0] * 6, [0, 0, 1, 0, 0, 0], [np.nan] * 6, [np.nan] * 6])
    people.told[:] = [1, np.nan, 1, np.nan]
    assert people.fractured.tolist() == pytest.approx([0, 1, 1, np.nan], nan_ok=True)


def test_levels_in_their_order() -> None:
    assert by_level({"L5": 5.0, "T12": 0.0, "T11": 9.0})[0] == 0
    assert by_level({"L5": 5.0, "T12": 0.0})[5] == 5
    assert np.isnan(by_level({"L5": 5.0})[2])
