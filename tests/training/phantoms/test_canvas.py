import numpy as np
import pytest

from training.phantoms.canvas import Canvas, curve


def canvas(pitch: float) -> Canvas:
    side = round(200 / pitch)
    return Canvas(rows=side, columns=side, pitch=pitch, left=-100, top=-100)


@pytest.mark.parametrize("pitch", [1.0, 2.0])
def test_an_ellipsoid_has_its_volume(pitch: float) -> None:
    layer = canvas(pitch).ellipsoid((10, -5), (40, 25), 60)
    assert layer.max() == pytest.approx(60, rel=0.01)
    assert layer.sum() * pitch**2 == pytest.approx(4 / 3 * np.pi * 40 * 25 * 30, rel=0.01)


@pytest.mark.parametrize("pitch", [0.5, 1.0, 4.0])
def test_a_stroke_keeps_its_mass_whatever_the_pixels(pitch: float) -> None:
    layer = canvas(pitch).lines([([(-50, 0), (50, 0)], 3.0, 2.0)])
    assert layer.sum() * pitch**2 == pytest.approx(100 * 3.0 * 2.0, rel=0.35)


def test_a_curve_passes_through_its_control_points() -> None:
    points = np.array(curve([(0, 0), (10, 5), (20, 0)], samples=201))
    for control in ((0, 0), (10, 5), (20, 0)):
        assert np.hypot(*(points - control).T).min() < 0.1


def test_noise_has_mean_0_sd_1_and_its_scale() -> None:
    field = canvas(1.0).noise(np.random.default_rng(0), 20)
    assert field.mean() == pytest.approx(0, abs=1e-3)
    assert field.std() == pytest.approx(1, abs=1e-3)
    assert np.corrcoef(field[:, :-2].ravel(), field[:, 2:].ravel())[0, 1] > 0.8
    assert abs(np.corrcoef(field[:, :-60].ravel(), field[:, 60:].ravel())[0, 1]) < 0.4
