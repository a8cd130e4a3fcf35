import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.heatmaps import decode, render
from models.hrnet import KeypointHRNet
from models.spine_fracture_xr.keypoints import LEVELS, SMALLER, Located, agree, locate, refine, refusal

SPINE = np.array([[60, 20], [64, 40], [66, 61], [64, 82], [58, 102]], np.float64)
SURE = np.ones(5)


class Painted(nn.Module):
    """Answers with a Gaussian at the brightest pixel of the picture, the same for each level."""

    def forward(self, x: Tensor) -> Tensor:
        at = x.flatten(1).argmax(1)
        width = x.shape[3]
        points = torch.stack([at % width + 0.5, at // width + 0.5], 1)[:, None].repeat(1, 5, 1)
        return render(points, (x.shape[2] // 4, x.shape[3] // 4), sigma=1.5)


def test_a_gaussian_is_read_to_a_hundredth_of_a_pixel() -> None:
    torch.manual_seed(0)
    points = 16 + 90 * torch.rand(8, 5, 2)
    heatmaps = render(points, (32, 32), sigma=1.2)
    fine, peaks = refine(heatmaps)
    assert float((fine - points).abs().max()) < 0.01
    # worse by hundreds: the quarter offset
    assert float((decode(heatmaps).points - points).abs().max()) > 0.5
    assert float(peaks.min()) > 0.8


def test_noise_beside_a_peak_moves_the_point_little() -> None:
    torch.manual_seed(0)
    points = 16 + 90 * torch.rand(50, 5, 2)
    heatmaps = render(points, (32, 32), sigma=1.2)
    fine, _ = refine(heatmaps + 0.02 * torch.randn(heatmaps.shape))
    assert float((fine - points).norm(dim=2).max()) < 1.0  # a quarter of a heatmap's pixel


def test_at_the_border_and_without_a_peak_there_is_still_a_finite_point() -> None:
    at_border = render(torch.tensor([[[0.0, 30.0], [127.9, 127.9]]]), (32, 32), sigma=1.2)
    flat = torch.zeros(1, 2, 32, 32)
    for heatmaps in (at_border, flat, -torch.ones(1, 2, 8, 8)):
        points, peaks = refine(heatmaps)
        assert bool(torch.isfinite(points).all())
        assert bool(torch.isfinite(peaks).all())
        assert bool(((points >= 0) & (points <= 128)).all())


def test_the_mirror_image_is_mirrored_back() -> None:
    picture = torch.zeros(1, 1, 64, 64)
    picture[0, 0, 20, 41] = 1.0
    for thorough in (False, True):
        found = locate(Painted(), picture, thorough=thorough)
        np.testing.assert_allclose(found.points[0], [[41.5, 20.5]] * 5, atol=0.02)
        assert found.peaks.min() > 0.9


class NearSighted(nn.Module):
    """Sees a spine of a known height, where its middle is the brightest pixel; on another it is sure of one level."""

    def __init__(self, height: float) -> None:
        super().__init__()
        self.height = height

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[2:]
        lit = x[:, 0] > x.amin((1, 2, 3))[:, None, None] + 1e-3
        heights = lit.any(2).sum(1).float()
        middle = x.flatten(1).argmax(1)
        column, row = (middle % columns + 0.5).float(), (middle // columns + 0.5).float()
        steps = torch.linspace(-0.5, 0.5, 5) * self.height * 0.8
        points = torch.stack([column[:, None].repeat(1, 5), row[:, None] + steps], 2)
        sharp = torch.where((heights - self.height).abs()[:, None] < 4, 1.0, torch.tensor([0.2, 0.2, 1.0, 0.2, 0.2]))
        return render(points, (rows // 4, columns // 4), sigma=1.5) * sharp[:, :, None, None]


def lit_spine(height: int, middle: tuple[int, int] = (70, 60)) -> Tensor:
    row, column = middle
    picture = torch.zeros(1, 1, 128, 128)
    picture[0, 0, row - height // 2 : row + height // 2, column - 4 : column + 5] = 0.5
    picture[0, 0, row, column] = 1.0
    return picture


def test_where_levels_are_not_found_a_smaller_picture_is_looked_at() -> None:
    network = NearSighted(80.0 * SMALLER)
    both = torch.cat([lit_spine(68), lit_spine(80)])
    found = locate(network, both)
    assert found.refusals == [None, None]
    assert locate(network, both, thorough=False).refusals[1] is not None
    np.testing.assert_allclose(found.points[1, 2], [60.5, 70.5], atol=0.8)
    np.testing.assert_allclose(np.diff(found.points[1, :, 1]), 80 * 0.8 / 4, atol=0.3)
    nothing = locate(network, lit_spine(40))
    assert nothing.refusals[0] is not None
    assert nothing.peaks[0, 2] > 0.9  # of the first look


@pytest.mark.parametrize(("away", "agreed"), [(0.0, True), (4.0, True), (8.0, False)])
def test_a_second_look_must_find_sure_levels_where_they_were(away: float, agreed: bool) -> None:
    peaks = np.array([0.9, 0.3, 0.3, 0.3, 0.3])
    first = Located(SPINE + np.array([[0, away], *[[90, 90]] * 4]), peaks)
    assert agree(first, Located(SPINE, SURE)) is agreed
    assert not agree(first, Located(SPINE, 0.3 * SURE))


def test_a_network_gives_five_points_for_each_picture() -> None:
    torch.manual_seed(0)
    found = locate(KeypointHRNet(5, 4).eval(), torch.rand(3, 1, 64, 64))
    assert found.points.shape == (3, 5, 2)
    assert found.peaks.shape == (3, 5)
    assert found.points.dtype == np.float64
    assert all(found.refusals)  # untrained: no peak


def test_a_spine_is_accepted() -> None:
    assert refusal(SPINE, SURE) is None
    mirrored = SPINE * [-1, 1] + [128, 0]
    lying = SPINE[:, ::-1].copy()
    assert refusal(mirrored, SURE) is None
    assert refusal(lying, SURE) is None


@pytest.mark.parametrize("level", range(5))
def test_a_level_without_a_peak_is_named(level: int) -> None:
    peaks = SURE.copy()
    peaks[level] = 0.1
    found = refusal(SPINE, peaks)
    assert found is not None
    assert LEVELS[level] in found
    peaks[level] = np.nan
    assert refusal(SPINE, peaks) is not None


def test_what_is_no_spine_is_refused() -> None:
    doubled = SPINE.copy()
    doubled[3] = doubled[2]
    skipped = SPINE.copy()
    skipped[4] += SPINE[4] - SPINE[2]
    bent = SPINE.copy()
    bent[4] = SPINE[3] + [21.0, -1.0]
    for points, reason in ((doubled, "distances"), (skipped, "distances"), (bent, "bent")):
        found = refusal(points, SURE)
        assert found is not None
        assert reason in found


def test_refusals_are_one_for_each_picture() -> None:
    peaks = np.stack([SURE, SURE * 0.2])
    assert [r is None for r in Located(np.stack([SPINE, SPINE]), peaks).refusals] == [True, False]
