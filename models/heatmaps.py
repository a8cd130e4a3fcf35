"""Points as heatmaps and back.

A point is (column, row) in pixels of the network's input, (0, 0) the top left corner of the top left pixel, as in
`screening.findings`. The centre of pixel i of a heatmap is therefore at (i + 1/2) * stride.
"""

from typing import NamedTuple

import torch
from torch import Tensor

SIGMA = 3.0  # heatmap pixels: the COCO recipe of HRNet for inputs 384 high
QUARTER = 0.25  # of a heatmap pixel, towards the higher neighbour (Newell et al. 2016, section 3.4)


class Keypoints(NamedTuple):
    """What heatmaps say."""

    points: Tensor  #: (N, K, 2) column and row in input pixels
    peaks: Tensor  #: (N, K) the highest value of each heatmap: about 1 where the network is sure


def render(points: Tensor, shape: tuple[int, int], *, stride: int = 4, sigma: float = SIGMA) -> Tensor:
    """Gaussians of height 1, what the network is trained towards.

    Parameters
    ----------
    points
        (N, K, 2) column and row in input pixels; may lie outside.
    shape
        Rows and columns of a heatmap.
    stride
        Input pixels for each heatmap pixel.
    sigma
        Standard deviation in heatmap pixels.

    Returns
    -------
    (N, K, rows, columns) float32.
    """
    rows = (torch.arange(shape[0], device=points.device) + 0.5) * stride
    columns = (torch.arange(shape[1], device=points.device) + 0.5) * stride
    across = (columns - points[..., 0, None]).square()
    down = (rows - points[..., 1, None]).square()
    return torch.exp(-(down[..., :, None] + across[..., None, :]) / (2 * (sigma * stride) ** 2)).float()


def decode(heatmaps: Tensor, *, stride: int = 4) -> Keypoints:
    """Highest pixel, moved a quarter towards its higher neighbour along each axis.

    Parameters
    ----------
    heatmaps
        (N, K, rows, columns).
    stride
        Input pixels for each heatmap pixel.

    Returns
    -------
    Points and peaks. A heatmap without a maximum (all one value) gives its top left pixel: look at the peaks.
    """
    count, kinds, height, width = heatmaps.shape
    peaks, index = heatmaps.flatten(2).max(2)
    row, column = index // width, index % width
    n = torch.arange(count, device=heatmaps.device)[:, None]
    k = torch.arange(kinds, device=heatmaps.device)[None, :]

    def towards(before: Tensor, after: Tensor, inside: Tensor) -> Tensor:
        """A quarter in the direction of the higher value; at the edge there is nothing to compare with."""
        return torch.where(inside, torch.sign(after - before), 0) * QUARTER

    left, right = (column - 1).clamp(min=0), (column + 1).clamp(max=width - 1)
    above, below = (row - 1).clamp(min=0), (row + 1).clamp(max=height - 1)
    across = towards(heatmaps[n, k, row, left], heatmaps[n, k, row, right], (column > 0) & (column < width - 1))
    down = towards(heatmaps[n, k, above, column], heatmaps[n, k, below, column], (row > 0) & (row < height - 1))
    points = torch.stack([column + across, row + down], 2)
    return Keypoints((points + 0.5) * stride, peaks)
