"""Slices painted alone agree with the whole CT of the same seed."""

import numpy as np
import pytest

from models.bone_muscle_ct.layout import SLICES, lay_out
from training.phantoms.spine.acquisition import draw_acquisition
from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.grid import Grid
from training.phantoms.spine.phantom import SpineCT, make_spine_ct
from training.phantoms.spine.slices import SPINAL, Slices, SpineSlices, make_spine_slices

SEED = 8


@pytest.fixture(scope="module")
def whole() -> SpineCT:
    return make_spine_ct(SEED)


@pytest.fixture(scope="module")
def slices() -> SpineSlices:
    return make_spine_slices(SEED)


def test_the_truth_is_the_same(whole: SpineCT, slices: SpineSlices) -> None:
    for name in ("trabecular_hu", "trabecular_hu_120", "fractures", "keypoints", "metal", "cut_off"):
        assert getattr(slices.truth, name) == getattr(whole.truth, name), name
    assert slices.acquisition == whole.acquisition


def test_muscles_measure_the_same(whole: SpineCT, slices: SpineSlices) -> None:
    for name in SPINAL:
        ours, theirs = slices.truth.muscles[name], whole.truth.muscles[name]
        assert ours.hu == pytest.approx(theirs.hu, abs=5), name
        assert ours.area == pytest.approx(theirs.area, abs=2.5), name


def test_pictures_agree_but_for_texture_and_noise(whole: SpineCT, slices: SpineSlices) -> None:
    """In each slice the whole CT's nearest one, within bone and muscle."""
    ours, theirs, bone, other = [], [], [], []
    size = slices.hu.shape[1]
    axis = (np.arange(size) - (size - 1) / 2) * 2.0
    for k, z in enumerate(slices.layout.heights):
        at, y, x = (
            np.round((np.asarray(p) - o) / s).astype(int)
            for p, o, s in zip(
                (z, slices.layout.centre[1] + axis, slices.layout.centre[0] + axis),
                whole.grid.origin, whole.grid.spacing, strict=True,
            )
        )  # fmt: skip
        y, x = (np.clip(a, 0, n - 1) for a, n in zip((y, x), whole.hu.shape[1:], strict=True))
        part = np.ix_([int(at)], y, x)
        ours.append(slices.hu[k])
        theirs.append(whole.hu[part][0])
        bone.append(slices.bone[k])
        other.append((whole.vertebra_labels[part][0] >= 19) & (whole.vertebra_labels[part][0] <= 24))
    inside, seen = np.stack(bone), np.stack(other)
    assert (inside & seen).sum() / (inside | seen).sum() > 0.75  # a millimetre off at most, of 2 mm voxels
    both = inside & seen
    assert np.stack(ours)[both].mean() == pytest.approx(np.stack(theirs)[both].mean(), abs=25)


def test_they_lie_where_the_layout_says(slices: SpineSlices) -> None:
    assert slices.layout == lay_out(slices.truth.keypoints)
    assert slices.hu.shape == slices.bone.shape == slices.muscle.shape == (SLICES, 96, 96)
    assert slices.bone.any((1, 2)).all()
    assert not (slices.bone & slices.muscle).any()
    middle = slices.bone[slices.layout.heights.index(slices.truth.keypoints["L3"][2])]
    assert middle[:, 47:49].any(1).sum() * 2.0 > 25  # mm of the body from front to back


def test_a_seed_gives_the_same_slices_twice() -> None:
    np.testing.assert_array_equal(
        make_spine_slices(3, size=32, pixel=6.0).hu, make_spine_slices(3, size=32, pixel=6.0).hu
    )


def test_given_fractures_collapse_the_body_and_nothing_else() -> None:
    broken = {"L2": Fracture("crush", 3, 0.5)}
    sound, hurt = make_spine_slices(5, fractures={}), make_spine_slices(5, fractures=broken)
    assert hurt.truth.fractures["L2"] == broken["L2"]
    assert sound.truth.fractures["L2"].grade == 0
    assert hurt.truth.trabecular_hu_120["L4"] == sound.truth.trabecular_hu_120["L4"]


def test_metal_can_be_left_out() -> None:
    seed = next(s for s in range(200) if has_metal(s))
    assert make_spine_slices(seed).truth.metal
    assert make_spine_slices(seed).hu.max() > 2500
    assert not make_spine_slices(seed, hardware=False).truth.metal


def has_metal(seed: int) -> bool:
    return draw_acquisition(np.random.default_rng([seed, 34])).metal


def test_another_hospital_scans_differently() -> None:
    assert make_spine_slices(5, external=True).acquisition != make_spine_slices(5).acquisition


def test_beyond_the_field_of_view_there_is_nothing() -> None:
    wide = make_spine_slices(SEED, size=64, pixel=12.0)
    assert (wide.hu[:, :, :3] == -1024).all()
    assert not wide.bone[:, :, :3].any()


def test_a_grid_of_slices() -> None:
    grid = Slices.at((0.0, 10.0, 30.0), (5.0, -5.0), 4, 2.0)
    assert grid.axes[0].tolist() == [0, 10, 30]
    assert grid.axes[2].tolist() == [2, 4, 6, 8]
    assert grid.box((5, -100, -100), (30.5, 100, 100)) == (slice(1, 3), slice(0, 4), slice(0, 4))
    assert grid.box((11, -100, -100), (29, 100, 100)) is None
    assert grid.box((5, 50, -100), (30, 60, 100)) is None
    assert grid.index((4.0, -8.0, 27.0)) == (2.0, 0.0, 1.0)
    assert grid.slab(1) == slice(1, 2)
    assert Grid((20, 4, 4), (2, 2, 2), (0, 0, 0)).slab(1) == slice(0, 5)
    with pytest.raises(ValueError, match="rise"):
        Slices.at((0.0, 0.0), (0.0, 0.0), 4, 2.0)
