import numpy as np
import pytest

from models.ssc_ild_mortality_ct.lung_mask import NoLungs
from models.ssc_ild_mortality_ct.preprocess import prepare, scale

from .chests import SPACING, as_volume, make_chest


def test_slices_lie_evenly_over_the_lungs() -> None:
    found = prepare(as_volume(make_chest()), slices=9, size=64)
    assert found.hu.shape == found.lung.shape == found.scaled.shape == (9, 64, 64)
    assert found.spacing[0] == pytest.approx(20, abs=0.5)  # 36 slices of 5 mm
    assert found.source_slices[0] in {5, 6}
    assert np.diff(found.source_slices).tolist() == [4] * 8
    assert found.lung.any((1, 2)).all()


def test_the_square_holds_both_lungs_and_a_margin() -> None:
    found = prepare(as_volume(make_chest()), slices=6, size=80)
    width = (100 + 22 - (40 - 22)) * 2.5  # of both lungs, mm
    assert found.spacing[1] == found.spacing[2] == pytest.approx((width + 20) / 80, rel=0.04)
    columns = np.flatnonzero(found.lung.any((0, 1)))
    assert (columns[0] * found.spacing[2], (79 - columns[-1]) * found.spacing[2]) == pytest.approx((10, 10), abs=6)


def test_the_way_back_leads_to_the_same_voxel() -> None:
    chest = make_chest()
    chest[18:23, 60:63, 99:102] = 700  # a calcification
    found = prepare(as_volume(chest), slices=12, size=96)
    place = np.unravel_index(int(found.hu.argmax()), found.hu.shape)
    z, row, column = found.to_source(int(place[0]), float(place[1]), float(place[2]))
    assert abs(z - 20) <= 3
    assert (row, column) == pytest.approx((61, 100), abs=1.5)


def test_thin_slices_are_averaged_and_coarse_pixels_are_not_aliased() -> None:
    rng = np.random.default_rng(0)
    thin = np.repeat(np.repeat(np.repeat(make_chest(), 5, 0), 2, 1), 2, 2)
    thin += rng.normal(0, 80, thin.shape).astype(np.float32)
    found = prepare(as_volume(thin, (1.0, 1.25, 1.25)), slices=6, size=48)
    inside = found.hu[2][found.lung[2] & (found.hu[2] < -700)]
    assert inside.std() < 30


def test_values_become_a_window() -> None:
    hu = np.array([[[-2000.0, -1000, -300, 400, 3000]]], np.float32)
    assert scale(hu).ravel().tolist() == [0, 0, 128, 255, 255]


def test_what_cannot_be_prepared() -> None:
    with pytest.raises(NoLungs):
        prepare(as_volume(make_chest(lungs=False)), slices=4, size=32)
    with pytest.raises(ValueError, match="must be positive"):
        prepare(as_volume(make_chest()), slices=0, size=32)


def test_a_volume_of_one_spacing_is_read_at_another() -> None:
    first = prepare(as_volume(make_chest(), SPACING), slices=5, size=40)
    finer = np.repeat(np.repeat(make_chest(), 2, 1), 2, 2)
    second = prepare(as_volume(finer, (5.0, 1.25, 1.25)), slices=5, size=40)
    assert second.spacing == pytest.approx(first.spacing, rel=0.02)
    assert np.abs(second.lung.sum() - first.lung.sum()) < 0.06 * first.lung.sum()
