import numpy as np
import pytest

from training.phantoms.spine.acquisition import BONE_BY_KVP, Acquisition, draw_acquisition, expose, fine_grid, thicken
from training.phantoms.spine.grid import Grid
from training.phantoms.spine.phantom import make_spine_ct

PLAIN = Acquisition(
    kvp=120, noise=15, blur=0.5, sharpen=0, margin=10, cupping=0, table=True, round_field=False, metal=False
)
GRID = Grid.around((-20, -80, -80), (20, 80, 80), (2.0, 1.0, 1.0))


def changed(**how: float) -> Acquisition:
    return Acquisition(**{**PLAIN.__dict__, **how})


def test_noise_has_the_wanted_sd_and_no_slow_part() -> None:
    water = np.zeros(GRID.shape, np.float32)
    out = expose(water, GRID, PLAIN, np.random.default_rng(1))
    centre = out[:, 60:100, 60:100]
    assert abs(centre.mean()) < 1.5
    assert centre.std() == pytest.approx(15, rel=0.25)
    slow = np.abs(np.fft.fft2(centre - centre.mean((1, 2), keepdims=True))).mean(0)
    assert slow[0, 1] < 0.7 * slow[6, 6]  # filtered back projection has little noise at low frequencies


def test_a_bone_kernel_is_sharper() -> None:
    volume = np.zeros(GRID.shape, np.float32)
    volume[:, :, 80:] = 100
    soft, sharp = (expose(volume, GRID, changed(noise=0.01, sharpen=s), np.random.default_rng(1)) for s in (0.0, 1.0))
    assert sharp.max() > soft.max() + 3


def test_voltages_are_ordered_and_drawn() -> None:
    assert BONE_BY_KVP[80] > BONE_BY_KVP[100] > BONE_BY_KVP[120] == 1 > BONE_BY_KVP[140]
    drawn = [draw_acquisition(np.random.default_rng(k)) for k in range(300)]
    assert np.mean([d.kvp == 120 for d in drawn]) > 0.65
    assert all(8 <= d.noise <= 30 for d in drawn)
    assert 0 < np.mean([d.metal for d in drawn]) < 0.1
    abroad = [draw_acquisition(np.random.default_rng(k), external=True) for k in range(300)]
    assert np.mean([d.kvp == 120 for d in abroad]) < 0.5


def test_thick_slices_are_means_of_thin_ones() -> None:
    thick = Grid((4, 5, 6), (5.0, 1.0, 1.0), (2.5, 0.0, 0.0))
    fine, many = fine_grid(thick)
    assert (many, fine.shape, fine.spacing[0]) == (2, (8, 5, 6), 2.5)
    assert fine.axes[0][:2].mean() == pytest.approx(2.5)
    volume = np.arange(8, dtype=np.float32)[:, None, None] * np.ones((1, 5, 6), np.float32)
    np.testing.assert_allclose(thicken(volume, many)[:, 0, 0], [0.5, 2.5, 4.5, 6.5])


def test_metal_is_bright_streaky_and_reported() -> None:
    with_metal = make_spine_ct(3, spacing=(3.0, 3.0, 3.0), acquisition=changed(metal=True))
    without = make_spine_ct(3, spacing=(3.0, 3.0, 3.0), acquisition=PLAIN)
    assert without.truth.metal == ()
    assert 2 <= len(with_metal.truth.metal) <= 3
    assert with_metal.hu.max() > 2500 > without.hu.max()


def test_a_cut_off_body_reaches_the_edge() -> None:
    cut = make_spine_ct(3, spacing=(3.0, 3.0, 3.0), acquisition=changed(margin=-30))
    assert (cut.hu[:, cut.hu.shape[1] // 2, 0] > -400).mean() > 0.8
    assert cut.truth.cut_off
    dark = make_spine_ct(3, spacing=(3.0, 3.0, 3.0), acquisition=changed(round_field=True))
    assert dark.hu[:, 0, 0].max() == -1024


def test_voltage_scales_bone_not_fat() -> None:
    low, high = (
        make_spine_ct(3, phase="native", spacing=(3.0, 3.0, 3.0), acquisition=changed(kvp=k)) for k in (80, 140)
    )
    assert low.truth.trabecular_hu["L1"] / high.truth.trabecular_hu["L1"] == pytest.approx(1.28 / 0.93, rel=1e-6)
    assert low.truth.trabecular_hu_120 == high.truth.trabecular_hu_120
