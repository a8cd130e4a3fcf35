"""ResNet-18, -34 and -50 (He et al. 2016, table 1) in plain torch: any width, any number of input channels.

Names of layers are those of the public ImageNet weights (`conv1`, `layer1.0.bn1`, `layer2.0.downsample.0`).
ResNet-50 halves the resolution in the 3x3 convolution, as those weights do.
"""

import torch
from torch import Tensor, nn

from models.coordinate_attention import CoordinateAttention

STEM = 64  # channels of the first map at width 1
STRIDE = 32  # source pixels for each pixel of the last map
EXPANSION = 4  # channels out of a bottleneck block, for each channel within
LAYERS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


def _shortcut(channels: int, out: int, stride: int) -> nn.Module:
    """What the residual is added to: x itself, or a 1x1 projection where its shape changes."""
    if stride == 1 and channels == out:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(channels, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out))


def _attention(channels: int, wanted: bool) -> nn.Module:
    return CoordinateAttention(channels) if wanted else nn.Identity()


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int, width: int, *, stride: int, attention: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.attention = _attention(width, attention)
        self.downsample = _shortcut(channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, width, H / stride, W / stride), not negative."""
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(self.attention(y) + self.downsample(x))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut."""

    def __init__(self, channels: int, width: int, *, stride: int, attention: bool) -> None:
        super().__init__()
        out = width * EXPANSION
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.attention = _attention(out, attention)
        self.downsample = _shortcut(channels, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, 4 * width, H / stride, W / stride), not negative."""
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(self.attention(y) + self.downsample(x))


class ResNet(nn.Module):
    """The convolutional trunk, without pooling and classifier.

    Parameters
    ----------
    depth
        18, 34 or 50.
    in_channels
        Channels of the image, 1 for a radiograph.
    width
        Multiplies the channels of every layer; each is rounded to a multiple of 8.
    attention
        Coordinate Attention on each block's residual, before it is added. Where the paper puts it is our assumption.

    Raises
    ------
    ValueError
        Another depth, or a width that leaves no channels.
    """

    def __init__(self, depth: int, in_channels: int = 1, *, width: float = 1.0, attention: bool = False) -> None:
        super().__init__()
        if depth not in LAYERS:
            raise ValueError(f"depth must be one of {sorted(LAYERS)}, got {depth}")
        stem = 8 * round(STEM * width / 8)
        if stem < 8:
            raise ValueError(f"width must leave at least 8 channels in the stem, got {width}")
        self.conv1 = nn.Conv2d(in_channels, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        bottleneck = depth >= 50
        block = Bottleneck if bottleneck else BasicBlock
        channels = stem
        for stage, blocks in enumerate(LAYERS[depth]):
            planes = stem * 2**stage
            made: list[nn.Module] = []
            for index in range(blocks):
                stride = 2 if stage > 0 and index == 0 else 1
                made.append(block(channels, planes, stride=stride, attention=attention))
                channels = planes * EXPANSION if bottleneck else planes
            self.add_module(f"layer{stage + 1}", nn.Sequential(*made))
        self.features = channels  #: channels of the last map
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, features, H / 32, W / 32), not negative."""
        y: Tensor = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(4):
            y = self.get_submodule(f"layer{stage + 1}")(y)
        return y
