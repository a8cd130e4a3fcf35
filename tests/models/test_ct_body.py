import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from models.ct_body import block_means, coarse, filled, noise_of, opened, opened_by_cross, trunk
from tests.models.ssc_ild_mortality_ct.chests import as_volume, make_chest

NOISY = 45.0


def test_blocks_are_averaged_and_the_rest_is_left_out() -> None:
    hu = np.arange(5 * 7 * 9, dtype=np.float32).reshape(5, 7, 9)
    small, spacing = coarse(as_volume(hu, (2.0, 1.0, 1.0)), 4.0)
    assert small.shape == (2, 1, 2)
    assert spacing == (4.0, 4.0, 4.0)
    assert small[1, 0, 1] == pytest.approx(hu[2:4, :4, 4:8].mean())


@pytest.mark.parametrize("thin", [(1, 1, 1), (4, 5, 5), (2, 3, 9), (1, 8, 8), (3, 1, 17), (1, 2, 4)])
def test_means_of_blocks_are_those_of_numpy(thin: tuple[int, int, int]) -> None:
    hu = np.random.default_rng(0).integers(-1024, 3072, (12, 43, 70)).astype(np.float32)
    z, y, x = (n // t for n, t in zip(hu.shape, thin, strict=True))
    whole = hu[: z * thin[0], : y * thin[1], : x * thin[2]].reshape(z, thin[0], y, thin[1], x, thin[2])
    assert np.array_equal(block_means(hu, thin), whole.mean((1, 3, 5)))
    noisy = hu + np.float32(0.1)
    whole = noisy[: z * thin[0], : y * thin[1], : x * thin[2]].reshape(z, thin[0], y, thin[1], x, thin[2])
    assert block_means(noisy, thin) == pytest.approx(whole.mean((1, 3, 5)), rel=1e-6)


def test_opening_axis_by_axis_is_opening() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        shape = rng.integers(3, 16, 3)
        size = [int(rng.integers(1, n + 1)) for n in shape]
        mask = ndimage.binary_dilation(rng.random(shape) < rng.uniform(0.01, 0.2), iterations=2)
        assert np.array_equal(opened(mask, size), ndimage.binary_opening(mask, np.ones(size)))


@pytest.mark.parametrize("times", [1, 2, 3])
def test_opening_by_a_cross_is_opening(times: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = ndimage.binary_dilation(rng.random(rng.integers(3, 16, rng.integers(2, 4))) < 0.1, iterations=2)
        assert np.array_equal(opened_by_cross(mask, times), ndimage.binary_opening(mask, iterations=times))


def test_a_scan_of_few_slices_keeps_one() -> None:
    assert coarse(as_volume(np.zeros((2, 8, 8), np.float32), (1.0, 1.0, 1.0)), 4.0)[0].shape == (1, 2, 2)


def test_the_table_is_no_part_of_the_trunk() -> None:
    hu = np.full((2, 40, 60), -1000, np.float32)
    hu[:, 5:25, 10:50] = 30
    hu[:, 32:36, 5:55] = 100
    body = trunk(hu)
    assert body[:, 10:20, 15:45].all()
    assert not body[:, 30:].any()


def test_hollows_are_filled_slice_by_slice() -> None:
    hu = np.full((2, 40, 60), 30, np.float32)
    hu[:, :2] = hu[:, -2:] = hu[:, :, :2] = hu[:, :, -2:] = -1000
    hu[1, 10:20, 10:30] = -850
    assert not trunk(hu)[1, 15, 20]
    assert filled(trunk(hu))[1, 15, 20]


@pytest.mark.parametrize("spacing", [(3.0, 2.5, 2.5), (2.0, 2.0, 2.0)])
def test_noise_is_measured_beside_edges(spacing: tuple[float, float, float]) -> None:
    """A chest of made-up organs with noise of 8 HU, and with more."""
    clean = as_volume(make_chest(), spacing)
    assert noise_of(clean) == pytest.approx(8, rel=0.1)
    more = np.random.default_rng(1).normal(0, NOISY, clean.hu.shape).astype(np.float32)
    assert noise_of(replace(clean, hu=clean.hu + more)) == pytest.approx(math.hypot(8, NOISY), rel=0.1)


def test_thin_slices_are_averaged_before() -> None:
    """The noise of a voxel of 2 mm, whatever the scanner's own are: 16 of these have a quarter of their noise."""
    clean = as_volume(make_chest(), (1.0, 1.0, 0.5))
    assert noise_of(clean) == pytest.approx(8 / 4, rel=0.2)


def test_air_has_no_noise_to_speak_of() -> None:
    assert math.isnan(noise_of(as_volume(np.full((4, 20, 20), -1000, np.float32))))
