import numpy as np
import pytest

from training.phantoms import physics
from training.phantoms.canvas import Array, Canvas

CANVAS = Canvas(rows=120, columns=120, pitch=2.0, left=-120, top=-120)


def beam(**changes: float) -> physics.Beam:
    plain: dict[str, float] = {
        "energy": 1.0, "scatter": 0.0, "scatter_reach": 30, "photons": 1e9, "blur": 0.0, "gamma": 1.0, "contrast": 2.0,
        "centre": 0.5, "below_lung": 0.3, "unsharp": 0.0, "unsharp_reach": 5,
    }  # fmt: skip
    return physics.Beam(**(plain | changes))


def slab(soft: float, bone: float = 0.0) -> tuple[Array, Array]:
    return np.full((120, 120), soft, np.float32), np.full((120, 120), bone, np.float32)


def test_beer_lambert() -> None:
    signal = physics.expose(CANVAS, *slab(200.0, 10.0), beam(), np.random.default_rng(0))
    assert signal.mean() == pytest.approx(0.0206 * 200 + 0.040 * 10, rel=1e-3)


def test_noise_follows_the_number_of_photons() -> None:
    spread = [
        physics.expose(CANVAS, *slab(100.0), beam(photons=photons), np.random.default_rng(0)).std()
        for photons in (1e3, 1e5)
    ]
    assert spread[0] / spread[1] == pytest.approx(10, rel=0.1)


def test_scatter_flattens_contrast() -> None:
    soft, bone = slab(100.0)
    soft[40:80, 40:80] = 200.0

    def contrast(scatter: float) -> float:
        signal = physics.expose(CANVAS, soft, bone, beam(scatter=scatter), np.random.default_rng(0))
        return float(signal[55:65, 55:65].mean() - signal[:20, :20].mean())

    assert contrast(0.5) < 0.75 * contrast(0.0)


def test_the_picture_rises_with_the_signal_and_stays_in_range() -> None:
    signal = np.tile(np.linspace(0, 5, 120, dtype=np.float32), (120, 1))
    lungs = np.zeros((120, 120), np.float32)
    lungs[:, 30:60] = 1
    shade = physics.develop(CANVAS, signal, beam(), lungs)
    assert 0 <= shade.min() <= shade.max() <= 1
    assert (np.diff(shade[0]) >= 0).all()
