import numpy as np
import torch

from models import cam


def test_contributions_add_up() -> None:
    features = torch.arange(8.0).reshape(2, 2, 2)
    activation = cam.class_activation(features, torch.tensor([1.0, -1.0]))
    torch.testing.assert_close(activation, torch.full((2, 2), -4.0))


def test_the_hottest_pixel_is_one_and_nothing_is_negative() -> None:
    heat = cam.heat(torch.tensor([[1.0, -5.0], [0.0, 3.0]]), 16)
    assert heat.shape == (16, 16)
    assert heat.max() == 1.0
    assert heat.min() >= 0.0
    assert not cam.heat(-torch.ones(2, 2), 8).any()


def test_hot_spots_are_found_with_their_share() -> None:
    values = np.zeros((60, 80), np.float32)
    values[10:20, 10:20] = 1.0
    values[40:50, 50:56] = 0.8
    values[5:8, 70:73] = 0.1  # below the threshold
    spots = cam.hot_spots(values)
    assert len(spots) == 2
    assert spots[0].fraction == np.float32(100 / values.sum())
    for spot, centre in zip(spots, ((15, 15), (53, 45)), strict=True):
        assert len(spot.contour) > 5
        assert spot.contour[0] == spot.contour[-1]
        assert np.abs(np.mean(spot.contour[:-1], axis=0) - centre).max() < 1.5


def test_at_most_three_and_none_in_an_empty_map() -> None:
    values = np.zeros((50, 50), np.float32)
    for k in range(5):
        values[10 * k : 10 * k + 5, 10 * k : 10 * k + 5] = 1.0
    assert len(cam.hot_spots(values)) == 3
    assert cam.hot_spots(np.zeros((9, 9), np.float32)) == []
