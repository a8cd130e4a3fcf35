"""Coordinate Attention (Hou et al. 2021): a channel is weighted by its rows and by its columns."""

import torch
from torch import Tensor, nn
from torch.nn import functional

REDUCTION = 32  # channels in, for each channel of the bottleneck
NARROWEST = 8  # channels of the bottleneck at least


class CoordinateAttention(nn.Module):
    """The block of Hou et al. 2021, figure 2c.

    Unlike squeeze-and-excitation it keeps positions: a network that judges growth may look along the spine and across
    the heart.

    Parameters
    ----------
    channels
        Channels of the map; the bottleneck has max(8, channels / 32).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(NARROWEST, channels // REDUCTION)
        self.conv1 = nn.Conv2d(channels, narrow, 1)
        self.bn1 = nn.BatchNorm2d(narrow)
        self.conv_h = nn.Conv2d(narrow, channels, 1)
        self.conv_w = nn.Conv2d(narrow, channels, 1)

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) -> weights of the rows (N, C, H, 1) and of the columns (N, C, 1, W), each in 0..1."""
        height, width = x.shape[2:]
        rows = x.mean(3, keepdim=True)
        columns = x.mean(2, keepdim=True).transpose(2, 3)
        both = functional.hardswish(self.bn1(self.conv1(torch.cat([rows, columns], 2))))
        rows, columns = torch.split(both, [height, width], 2)
        return torch.sigmoid(self.conv_h(rows)), torch.sigmoid(self.conv_w(columns.transpose(2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), never larger in magnitude than x."""
        rows, columns = self.weights(x)
        return x * rows * columns
