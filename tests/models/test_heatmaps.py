import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.heatmaps import decode, render


@given(
    st.floats(2, 92, width=32),
    st.floats(2, 60, width=32),
    st.sampled_from([1.5, 2.0, 3.0]),
    st.sampled_from([1, 2, 4]),
)
def test_a_gaussian_is_found_within_a_quarter_pixel(column: float, row: float, sigma: float, stride: int) -> None:
    point = torch.tensor([[[column, row]]], dtype=torch.float64) * stride
    found = decode(render(point, (64, 96), stride=stride, sigma=sigma), stride=stride)
    off = (found.points - point).abs().max() / stride
    assert float(off) < 0.25 + 1e-3


def test_the_error_of_many_gaussians() -> None:
    generator = torch.Generator().manual_seed(0)
    points = 20 + 344 * torch.rand(40, 5, 2, generator=generator)
    heatmaps = render(points, (96, 96))
    off = (decode(heatmaps).points - points).abs() / 4
    assert float(off.max()) <= 0.25 + 1e-3
    # evenly spread over 0..1/4: the mean of a quarter-pixel decode is 1/8 and that of whole pixels would be 1/4
    assert float(off.mean()) == pytest.approx(0.125, abs=0.01)


def test_a_heatmap_pixel_is_at_its_centre_in_the_picture() -> None:
    # the centre of heatmap pixel (row 3, column 5) is at (5.5, 3.5) * 4, the corner of the picture at (0, 0)
    point = torch.tensor([[[22.0, 14.0]]])
    heatmap = render(point, (8, 8))
    assert float(heatmap[0, 0, 3, 5]) == 1.0
    found = decode(heatmap)
    assert found.points.tolist() == [[[22.0, 14.0]]]
    assert found.peaks.tolist() == [[1.0]]


def test_a_gaussian_by_hand() -> None:
    # one heatmap pixel beside the centre, sigma of two heatmap pixels
    heatmap = render(torch.tensor([[[22.0, 14.0]]]), (8, 8), sigma=2.0)
    assert heatmap.shape == (1, 1, 8, 8)
    assert float(heatmap[0, 0, 3, 6]) == pytest.approx(math.exp(-1 / 8))
    assert float(heatmap[0, 0, 2, 6]) == pytest.approx(math.exp(-2 / 8))


def test_the_quarter_goes_towards_the_higher_neighbour() -> None:
    heatmap = torch.zeros(1, 1, 5, 5)
    heatmap[0, 0, 2, 2] = 1.0
    heatmap[0, 0, 2, 3] = 0.5
    heatmap[0, 0, 1, 2] = 0.5
    assert decode(heatmap, stride=1).points.tolist() == [[[2.75, 2.25]]]


def test_at_the_edge_nothing_is_moved() -> None:
    heatmap = torch.zeros(1, 2, 5, 5)
    heatmap[0, 0, 0, 4] = 1.0
    heatmap[0, 0, 0, 3] = 0.5
    heatmap[0, 1, 4, 0] = 1.0
    heatmap[0, 1, 3, 0] = 0.5
    assert decode(heatmap, stride=1).points.tolist() == [[[4.5, 0.5], [0.5, 4.5]]]


def test_the_peak_tells_an_empty_heatmap() -> None:
    found = decode(torch.zeros(1, 1, 5, 5))
    assert found.peaks.tolist() == [[0.0]]
    far = decode(render(torch.tensor([[[-500.0, 10.0]]]), (24, 24)))
    assert float(far.peaks) < 1e-6
