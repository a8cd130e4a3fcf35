import math

import numpy as np
import pytest
import torch

from models.framing import Array
from models.pediatric_age_cxr.preprocess import (
    FIELD,
    MEAN,
    SD,
    exposed,
    prepare,
    prepare_radiograph,
    scalars,
    to_tensor,
)
from screening.header import Header
from screening.images import Radiograph

SIZE = 112  # 4 mm each when to scale


def noise(rows: int, columns: int) -> Array:
    return np.random.default_rng(0).random((rows, columns)).astype(np.float32)


def extent(square: Array) -> tuple[int, int]:
    """Rows and columns that are not black."""
    return int((square.max(1) > 0).sum()), int((square.max(0) > 0).sum())


def test_a_millimetre_is_as_long_in_every_picture() -> None:
    coarse = prepare(noise(200, 160), (1.0, 1.0), SIZE)
    fine = prepare(noise(800, 640), (0.25, 0.25), SIZE)
    assert extent(coarse.square) == extent(fine.square) == (50, 40)
    assert coarse.known
    assert coarse.scale == pytest.approx(0, abs=0.01)


def test_half_the_size_is_half_as_long() -> None:
    assert extent(prepare(noise(200, 160), (0.5, 0.5), SIZE).square) == (25, 20)


def test_a_picture_larger_than_the_field_is_shrunk_and_that_is_told() -> None:
    large = prepare(noise(300, 280), (2.0, 2.0), SIZE)
    assert extent(large.square)[0] == SIZE
    assert large.scale == pytest.approx(math.log(600 / FIELD))


@pytest.mark.parametrize(
    "spacing", [None, (0.2, 0.3), (0.0, 0.0), (math.nan, 1.0), (0.01, 0.01), (50.0, 50.0), (-1.0, -1.0)]
)
def test_without_a_credible_size_the_longer_side_fills_the_square(spacing: tuple[float, float] | None) -> None:
    made = prepare(noise(300, 200), spacing, SIZE)
    assert not made.known
    assert made.scale == 0
    assert extent(made.square) == (SIZE, 75)


def test_what_rounding_takes_the_scale_gives_back() -> None:
    made = prepare(noise(131, 131), (1.0, 1.0), SIZE)
    inner = extent(made.square)[0]
    assert inner * math.exp(made.scale) * FIELD / SIZE == pytest.approx(131)


def test_a_linear_change_of_grey_values_changes_nothing() -> None:
    image = noise(300, 200)
    first = prepare(image, None, 64).square
    np.testing.assert_allclose(first, prepare((image * 0.3 + 0.2).astype(np.float32), None, 64).square, atol=1e-5)


def test_the_collimated_border_is_cut_off() -> None:
    image = np.ones((200, 160), np.float32)
    image[30:180, 20:150] = noise(150, 130)
    assert exposed(image) == (30, 180, 20, 150)
    made = prepare(image, None, SIZE)
    assert extent(made.square) == (SIZE, round(SIZE * 130 / 150))


def test_no_collimator_leaves_a_sliver() -> None:
    image = np.zeros((200, 160), np.float32)
    image[140:150, 10:150] = noise(10, 140)
    assert exposed(image)[:2] == (0, 150)  # 70 % above is no collimator, 25 % below is
    assert exposed(np.full((50, 40), 0.5, np.float32)) == (0, 50, 0, 40)


def test_points_come_back() -> None:
    image = np.zeros((400, 320), np.float32)
    image[40:, :] = noise(360, 320)
    placement = prepare(image, (0.8, 0.8), SIZE).placement
    x, y = placement.to_network((100.0, 240.0))
    assert placement.to_source((x, y)) == pytest.approx((100.0, 240.0))
    spot = np.zeros_like(image)
    spot[236:244, 96:104] = 1
    rows, columns = np.nonzero(placement.apply(spot) > 0.2)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((x, y), abs=0.5)


def test_a_radiograph_brings_its_own_spacing() -> None:
    image = Radiograph(pixels=noise(200, 160), spacing=(1.0, 1.0), sop_instance_uid="1.2", header=Header({}))
    np.testing.assert_array_equal(
        prepare_radiograph(image, SIZE).square, prepare(image.pixels, image.spacing, SIZE).square
    )


def test_scalars_say_what_is_not_known() -> None:
    told = scalars(["M", "F", None], [True, False, True], [0.5, 0.7, -0.1])
    expected = [[1, 0, 1, 0.5], [0, 1, 0, 0], [0, 0, 1, -0.1]]
    torch.testing.assert_close(told, torch.tensor(expected, dtype=torch.float32))
    with pytest.raises(ValueError, match="zip"):
        scalars(["M"], [True, False], [0.0, 0.0])


def test_the_tensor_is_standardised() -> None:
    tensor = to_tensor([np.full((8, 8), MEAN + SD, np.float32)] * 2)
    torch.testing.assert_close(tensor, torch.ones(2, 1, 8, 8))
