import numpy as np
import pytest

from training.phantoms.lung.acquisition import Acquisition, draw_acquisition, expose
from training.phantoms.lung.lattice import Lattice
from training.phantoms.spine.acquisition import BONE_BY_KVP


def scan(**changed: float) -> Acquisition:
    values = {"kvp": 120, "noise": 20.0, "blur": 0.5, "sharpen": 0.0, "thickness": 1.0, "contrast": None, "table": True}
    return Acquisition(**{**values, **changed})  # type: ignore[arg-type]


def lattice(pixel: float) -> Lattice:
    return Lattice.square(np.arange(4, dtype=np.float32), (0, 0), (96, 96), pixel)


def test_a_seed_is_a_scan() -> None:
    assert draw_acquisition(1) == draw_acquisition(1) != draw_acquisition(2)


def test_settings_are_those_of_the_wards() -> None:
    drawn, others = ([draw_acquisition(s, external=e) for s in range(500)] for e in (False, True))
    assert {a.kvp for a in drawn} <= set(BONE_BY_KVP)
    assert all(8 <= a.noise <= 30 and 1 <= a.thickness <= 3 for a in drawn)
    assert np.mean([a.contrast is not None for a in drawn]) == pytest.approx(0.35, abs=0.06)
    assert np.mean([a.contrast is not None for a in others]) < 0.25
    assert np.mean([a.sharpen > 0 for a in others]) > 2 * np.mean([a.sharpen > 0 for a in drawn])
    assert scan(kvp=100).bone > scan().bone == 1
    assert scan().blood.left == pytest.approx(42)


@pytest.mark.parametrize("pixel", [0.8, 1.5])
def test_noise_has_its_sd(pixel: float) -> None:
    out = expose(np.zeros((4, 96, 96), np.float32), lattice(pixel), scan(), np.random.default_rng(1))
    assert out.std() == pytest.approx(20 * 0.8 / pixel, rel=0.1)
    assert out.mean() == pytest.approx(0, abs=0.7)


def test_noise_of_fine_pixels_has_little_at_low_frequencies() -> None:
    out = expose(np.zeros((4, 96, 96), np.float32), lattice(0.8), scan(), np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft2(out[0])) ** 2
    assert spectrum[1:4, 1:4].mean() < 0.4 * spectrum[15:25, 15:25].mean()


def test_a_kernel_blurs_or_sharpens() -> None:
    step = np.zeros((4, 96, 96), np.float32)
    step[:, :, 48:] = 1000
    quiet = {"noise": 0.0}
    soft = expose(step, lattice(0.8), scan(blur=0.7, **quiet), np.random.default_rng(0))
    sharp = expose(step, lattice(0.8), scan(blur=0.7, sharpen=1.2, **quiet), np.random.default_rng(0))
    assert 50 < soft[0, 40, 48] < 950
    assert soft.max() <= 1000.1
    assert sharp.max() > 1050
    assert sharp.min() < -50


def test_values_fit_in_twelve_bits() -> None:
    out = expose(np.full((4, 96, 96), 9000, np.float32), lattice(2), scan(), np.random.default_rng(0))
    assert out.max() == 3071
