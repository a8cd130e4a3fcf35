from dataclasses import replace

import numpy as np
import pytest

from training.phantoms.spine.film import Film, develop, draw_film, expose, finish

PLAIN = replace(draw_film(np.random.default_rng(0)), edges=(0.0, 0.0, 0.0, 0.0), marker="", inverted=False, turn=0.0)


def wedge() -> np.ndarray:
    return np.tile(np.linspace(2, 6, 160, dtype=np.float32), (120, 1))


def test_thicker_is_brighter_and_less_exposed() -> None:
    log = expose(wedge(), PLAIN, 1.0, np.random.default_rng(1))
    assert log[:, 150].mean() > log[:, 80].mean() > log[:, 10].mean()
    even = replace(PLAIN, compress=0.0, unsharp=0.0)
    shade = develop(log, even, 1.0)
    assert 0 <= shade.min() < shade.max() <= 1
    assert shade[:, 110].mean() > shade[:, 50].mean()
    inverse = develop(log, replace(even, inverted=True), 1.0)
    np.testing.assert_allclose(inverse, 1 - shade, atol=1e-6)


def test_scatter_veils_contrast() -> None:
    step = np.full((120, 160), 4.0, np.float32)
    step[40:80, 60:100] += 0.5

    def contrast(scatter: float) -> float:
        log = expose(step, replace(PLAIN, scatter=scatter, photons=1e9), 1.0, np.random.default_rng(1))
        return float(log[55:65, 75:85].mean() - log[5:15, 5:15].mean())

    assert contrast(0.0) == pytest.approx(0.5, abs=0.02)
    assert 0.3 < contrast(0.4) < 0.45


def test_fewer_quanta_are_noisier_as_the_square_root() -> None:
    flat = np.full((120, 160), 4.0, np.float32)
    few, many = (expose(flat, replace(PLAIN, photons=p), 1.0, np.random.default_rng(1)).std() for p in (4e5, 4e7))
    assert few / many == pytest.approx(10, rel=0.1)
    film = replace(PLAIN, photons=4e5)
    summed = expose(flat, film, 1.0, np.random.default_rng(1), binned=4.0).std()
    assert few / summed == pytest.approx(2, rel=0.1)


def test_shutter_and_marker_are_drawn() -> None:
    picture = np.full((200, 150), 0.5, np.float32)
    shut = finish(picture, replace(PLAIN, edges=(0.1, 0.05, 0.2, 0.0), shutter=0.0))
    assert shut[:18].max() == 0
    assert shut[:, :28].max() == 0
    assert shut[100, 100] == 0.5
    marked = finish(picture, replace(PLAIN, marker="L"))
    assert (marked > 0.9).sum() > 5
    assert (marked > 0.9)[100:].sum() == 0


def test_another_hospital_looks_different() -> None:
    home: list[Film] = [draw_film(np.random.default_rng(k)) for k in range(100)]
    away: list[Film] = [draw_film(np.random.default_rng(k), external=True) for k in range(100)]
    assert max(f.steepness for f in home) <= min(f.steepness for f in away)
    assert 0 < np.mean([f.inverted for f in home]) < 0.2
