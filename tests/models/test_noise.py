import numpy as np
import pytest
from scipy import ndimage

from models.noise import noise_level

RNG = np.random.default_rng(0)


def scene(longest: int = 256) -> np.ndarray:
    fine = ndimage.gaussian_filter(RNG.standard_normal((longest, longest)), longest / 16)
    return np.asarray(0.5 + 0.15 * fine / fine.std(), np.float32)


def noisy(pixels: np.ndarray, sd: float) -> np.ndarray:
    return np.asarray(pixels + sd * RNG.standard_normal(pixels.shape), np.float32)


def test_twice_the_noise_is_told_as_twice_as_much() -> None:
    clean = scene(512)
    once, twice = (noise_level(noisy(clean, sd)) for sd in (0.05, 0.1))
    assert noise_level(clean) < 0.1 * once
    assert twice / once == pytest.approx(2, rel=0.15)


def test_edges_are_no_noise() -> None:
    steps = np.kron(RNG.random((4, 4)), np.ones((64, 64))).astype(np.float32)
    assert noise_level(steps) < 0.001


def test_noise_finer_than_the_network_sees_counts_less() -> None:
    assert noise_level(noisy(scene(1024), 0.1)) < 0.6 * noise_level(noisy(scene(512), 0.1))


def test_a_flat_picture_has_none() -> None:
    assert noise_level(np.full((200, 200), 0.5, np.float32)) == 0.0
