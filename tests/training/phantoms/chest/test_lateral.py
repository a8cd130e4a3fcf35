import numpy as np
import pytest

from training.phantoms.chest.lateral import make_lateral


def test_a_lateral_view_is_reproducible_and_one_sided() -> None:
    phantom = make_lateral(4, longest_side=160)
    np.testing.assert_array_equal(phantom.pixels, make_lateral(4, longest_side=160).pixels)
    assert phantom.view == "LL"
    assert max(phantom.pixels.shape) == 160
    assert 0 <= phantom.pixels.min() <= phantom.pixels.max() <= 1
    assert phantom.truth.extent == 0


def test_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="longest_side"):
        make_lateral(0, longest_side=20)
