import numpy as np
import pytest

from training.phantoms.lung.lattice import Lattice
from training.phantoms.lung.phantom import ChestCT, Scene, make_chest_ct, make_chest_slices, paint, slice_lattice

SEEDS = (1, 7, 62)


@pytest.fixture(scope="module")
def people() -> list[ChestCT]:
    return [make_chest_ct(seed, spacing=(3.0, 2.5, 2.5)) for seed in SEEDS]


def test_a_seed_is_a_phantom() -> None:
    first, second = (make_chest_ct(5, spacing=(8.0, 5.0, 5.0)) for _ in range(2))
    np.testing.assert_array_equal(first.hu, second.hu)
    np.testing.assert_array_equal(first.pattern_labels, second.pattern_labels)
    assert first.truth == second.truth
    assert make_chest_ct(6, spacing=(8.0, 5.0, 5.0)).truth != first.truth
    slices = [make_chest_slices(5, slices=4, size=64).hu for _ in range(2)]
    np.testing.assert_array_equal(slices[0], slices[1])


def test_labels_say_what_the_truth_says(people: list[ChestCT]) -> None:
    for p in people:
        lung = p.lung_mask
        voxel = float(np.prod(p.spacing)) / 1000
        assert lung.sum() * voxel == pytest.approx(p.truth.lung_volume_ml, rel=0.02)
        for number, share in enumerate((p.truth.ground_glass, p.truth.reticulation, p.truth.honeycombing), 1):
            assert (p.pattern_labels == number).sum() / lung.sum() == pytest.approx(share, abs=0.006)
        assert not p.pattern_labels[~lung].any()
        assert set(np.unique(p.lobe_labels)) == set(range(6))


def test_truth_adds_up(people: list[ChestCT]) -> None:
    for p in people:
        t = p.truth
        assert t.extent == pytest.approx(t.ground_glass + t.reticulation + t.honeycombing)
        assert t.reticulation_share == pytest.approx((t.reticulation + t.honeycombing) / t.extent)
        assert t.zones["lower"] > t.zones["upper"]
        assert 0.3 < t.cardiothoracic_ratio < 0.6
        assert 1000 < t.lung_volume_ml < 8500


def test_normal_lung_in_the_histogram(people: list[ChestCT]) -> None:
    for p in people:
        normal = p.hu[p.lung_mask & (p.pattern_labels == 0)]
        counts, edges = np.histogram(normal, bins=np.arange(-1024, 200, 8))
        mode = edges[np.argmax(counts)]
        assert -890 < mode < -800
        assert np.mean(normal > -200) < 0.12, "vessels"


def test_a_volume_shows_the_whole_chest(people: list[ChestCT]) -> None:
    for p in people:
        assert p.hu.dtype == np.float32
        assert p.hu.shape == p.lobe_labels.shape == p.pattern_labels.shape
        assert not p.lung_mask[[0, -1]].any()
        assert not p.lung_mask[:, [0, -1]].any()
        assert p.hu[:, :2, :2].mean() == pytest.approx(-1000, abs=30)
        fat = p.hu[(p.hu > -140) & (p.hu < -60)]
        assert np.median(fat) == pytest.approx(-100, abs=8)
        z, _, x = np.nonzero(p.lung_mask)
        assert abs(x.mean() * p.spacing[2] + p.origin[2]) < 12, "both sides alike"
        assert z.mean() * p.spacing[0] + p.origin[0] < 0


def test_slices_show_what_the_volume_shows() -> None:
    scene = Scene(62)
    few = slice_lattice(scene, 6, 64, 1, 2.5)
    more = np.sort(np.concatenate([few.z, few.z + 1.5, few.z - 4.0])).astype(np.float32)
    many = Lattice(more, few.y, few.x, few.pixel)
    one, other = paint(scene, few), paint(scene, many)
    chosen = np.searchsorted(more, few.z)
    np.testing.assert_array_equal(one.lobes, other.lobes[chosen])
    np.testing.assert_array_equal(one.patterns, other.patterns[chosen])
    apart = np.abs(one.hu - other.hu[chosen])
    # an airway is pulled open or not by the nearest painted voxel: a few differ
    assert np.mean(apart > 0.5) < 0.01


def test_slices_have_the_extent_of_the_truth() -> None:
    for seed in SEEDS:
        slices = make_chest_slices(seed, slices=24, size=96)
        lung = slices.lobe_labels > 0
        assert (slices.pattern_labels[lung] > 0).mean() == pytest.approx(slices.truth.extent, abs=0.03)
        assert slices.truth == make_chest_ct(seed, spacing=(8.0, 8.0, 8.0)).truth


def test_slices_with_neighbours() -> None:
    one = make_chest_slices(7, slices=5, size=64)
    three = make_chest_slices(7, slices=5, size=64, channels=3, apart=3.0)
    assert (one.hu.shape, three.hu.shape) == ((5, 1, 64, 64), (5, 3, 64, 64))
    np.testing.assert_array_equal(one.heights, three.heights)
    np.testing.assert_array_equal(one.lobe_labels, three.lobe_labels)
    assert one.lobe_labels.shape == (5, 64, 64)
    near = np.corrcoef(three.hu[:, 0].ravel(), three.hu[:, 1].ravel())[0, 1]
    assert 0.8 < near < 0.9999


def test_the_other_hospital_differs() -> None:
    here, there = (make_chest_ct(9, spacing=(8.0, 5.0, 5.0), external=e) for e in (False, True))
    assert here.truth != there.truth
    assert here.acquisition != there.acquisition


@pytest.mark.parametrize("spacing", [(0.1, 1.0, 1.0), (2.0, 1.0, 1.5), (9.0, 2.0, 2.0)])
def test_spacings_are_possible(spacing: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="spacing"):
        make_chest_ct(1, spacing=spacing)
