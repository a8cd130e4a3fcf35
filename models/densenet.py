"""DenseNet-121 (Huang et al. 2017, table 1) in plain torch, for grey images."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

BLOCKS = (6, 12, 24, 16)
GROWTH = 32
BOTTLENECK = 4  # width of the 1x1 convolution in units of the growth rate
STEM = 64
FEATURES = 1024  # channels of the last map
STRIDE = 32  # source pixels for each pixel of the last map


class _Layer(nn.Module):
    """BN-ReLU-1x1, BN-ReLU-3x3: adds GROWTH channels to what came before."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * GROWTH)
        self.conv2 = nn.Conv2d(BOTTLENECK * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C + GROWTH, H, W)."""
        y = self.conv1(torch.relu(self.norm1(x)))
        y = self.conv2(torch.relu(self.norm2(y)))
        return torch.cat([x, y], 1)


def _transition(channels: int) -> nn.Sequential:
    """Halve the channels and the resolution."""
    return nn.Sequential(
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels // 2, 1, bias=False),
        nn.AvgPool2d(2),
    )


class DenseNet121(nn.Module):
    """The convolutional trunk.

    Parameters
    ----------
    in_channels
        Channels of the image, 1 for a radiograph.
    """

    def __init__(self, in_channels: int = 1) -> None:
        super().__init__()
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        stages["stem"] = nn.Sequential(
            nn.Conv2d(in_channels, STEM, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        channels = STEM
        for number, layers in enumerate(BLOCKS, start=1):
            block = nn.Sequential(*(_Layer(channels + i * GROWTH) for i in range(layers)))
            stages[f"block{number}"] = block
            channels += layers * GROWTH
            if number < len(BLOCKS):
                stages[f"transition{number}"] = _transition(channels)
                channels //= 2
        stages["norm"] = nn.BatchNorm2d(channels)
        self.stages = nn.Sequential(stages)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, 1024, H / 32, W / 32), not negative."""
        return torch.relu(self.stages(x))
