import numpy as np
import pytest
from scipy import ndimage

from models.noise import noise_level

RNG = np.random.default_rng(0)


def scene(longest: int = 256) -> np.ndarray:
    fine = ndimage.gaussian_filter(RNG.standard_normal((longest, longest)), longest / 16)
    return np.asarray(0.5 + 0.15 * fine / fine.std(), np.float32)


@pytest.mark.parametrize("sd", [0.02, 0.05])
def test_the_noise_that_was_added_is_found(sd: float) -> None:
    clean = scene()
    signal = float(np.ptp(np.percentile(clean, (5, 95))))
    found = noise_level(clean + np.float32(sd) * RNG.standard_normal(clean.shape).astype(np.float32))
    assert found == pytest.approx(sd / signal, rel=0.2)
    assert noise_level(clean) < 0.005


def test_edges_are_no_noise() -> None:
    steps = np.kron(RNG.random((4, 4)), np.ones((64, 64))).astype(np.float32)
    assert noise_level(steps) < 0.001


def test_noise_finer_than_the_network_sees_counts_less() -> None:
    large = scene(1024)
    noise = RNG.standard_normal(large.shape).astype(np.float32)
    assert noise_level(large + 0.1 * noise) < 0.5 * noise_level(large[::4, ::4] + 0.1 * noise[::4, ::4])


def test_a_flat_picture_has_none() -> None:
    assert noise_level(np.full((200, 200), 0.5, np.float32)) == 0.0
