import numpy as np
import pytest

from training.phantoms.other import make_other


def test_pictures_are_reproducible_and_different() -> None:
    np.testing.assert_array_equal(make_other(3), make_other(3))
    assert len({make_other(seed).tobytes() for seed in range(8)}) == 8


def test_values_are_in_range() -> None:
    for seed in range(24):
        pixels = make_other(seed, longest_side=96)
        assert pixels.dtype == np.float32
        assert max(pixels.shape) == 96
        assert 0 <= pixels.min() <= pixels.max() <= 1


def test_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="longest_side"):
        make_other(0, longest_side=10)
