"""Which inputs are those that a part was named for."""

import pytest
import torch
from torch import nn

from models.engines.engine import Part


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((1, 2, 8, 8, 8), True), ((1, 2, 4, 9, 8), True), ((2, 2, 8, 8, 8), False), ((1, 3, 8, 8, 8), False),
     ((1, 2, 8, 8), False), ((1, 2, 8, 8, 9), False)],
)  # fmt: skip
def test_axes_that_vary_may_have_any_length(shape: tuple[int, ...], fits: bool) -> None:
    part = Part(name="a", network=nn.Identity(), shape=(1, 2, 8, 8, 8), varying=(2, 3))
    assert part.fits(torch.zeros(shape)) == fits


def test_by_default_none_varies() -> None:
    part = Part(name="a", network=nn.Identity(), shape=(1, 4))
    assert part.fits(torch.zeros(1, 4))
    assert not part.fits(torch.zeros(2, 4))
