"""HRNet (Sun et al. 2019, CVPR) in plain torch: full resolution is kept through the network, coarser maps join in.

Names of layers are those of the public pose weights (`stage2.0.branches.1.3.conv2`, `stage3.1.fuse_layers.0.2.0`,
`final_layer`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.resnet import EXPANSION, BasicBlock, Bottleneck

STEM = 64  # channels of the first maps
STRIDE = 4  # source pixels for each pixel of the finest map
MODULES = (1, 4, 3)  # exchange modules of stages 2, 3 and 4 (Sun et al. 2019, section 3)
BLOCKS = 4  # residual blocks of a branch between two exchanges, and bottlenecks of stage 1


def _convolution(channels: int, out: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and batch norm, without an activation."""
    padding = kernel // 2
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride=stride, padding=padding, bias=False), nn.BatchNorm2d(out)
    )


def _rectified(channels: int, out: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(*_convolution(channels, out, stride=stride), nn.ReLU())


def _path(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """From the map of one branch to the resolution and width of another; upsampling itself has no layer."""
    if source == target:
        return nn.Identity()
    if source > target:
        return _convolution(widths[source], widths[target], kernel=1)
    steps = [_rectified(widths[source], widths[source], stride=2) for _ in range(target - source - 1)]
    return nn.Sequential(*steps, _convolution(widths[source], widths[target], stride=2))


class _Each(nn.ModuleList):
    """One module for each map."""

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        return [module(x) for module, x in zip(self, maps, strict=True)]


class _Sum(nn.ModuleList):
    """One path for each map, all to the resolution of the map numbered `target`."""

    def __init__(self, widths: Sequence[int], target: int) -> None:
        super().__init__(_path(widths, source, target) for source in range(len(widths)))
        self.target = target

    def forward(self, maps: list[Tensor]) -> Tensor:
        size = maps[self.target].shape[2:]
        parts = [path(x) for path, x in zip(self, maps, strict=True)]
        # sizes that differ are those of coarser maps; they need not be an exact half
        parts = [part if part.shape[2:] == size else functional.interpolate(part, size) for part in parts]
        return torch.relu(torch.stack(parts).sum(0))


class Exchange(nn.Module):
    """Parallel branches of four residual blocks each, then every branch receives the sum of all.

    Parameters
    ----------
    widths
        Channels of the branches, finest first.
    outputs
        How many branches, finest first, are wanted afterwards.
    """

    def __init__(self, widths: Sequence[int], outputs: int) -> None:
        super().__init__()
        self.branches = _Each(
            nn.Sequential(*(BasicBlock(width, width, stride=1, attention=False) for _ in range(BLOCKS)))
            for width in widths
        )
        self.fuse_layers = nn.ModuleList(_Sum(widths, target) for target in range(outputs))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps (N, widths[i], H / 2^i, W / 2^i) -> the first `outputs` of the same shapes, not negative."""
        maps = self.branches(maps)
        return [fuse(maps) for fuse in self.fuse_layers]


class HRNet(nn.Module):
    """The trunk.

    Parameters
    ----------
    width
        Channels of the finest branch: 18, 32 or 48 in the public weights; the others have 2, 4 and 8 times as many.
    in_channels
        Channels of the image, 1 for a radiograph.
    outputs
        How many resolutions `maps` gives, finest first: 1 for keypoints, 4 for everything that there is.

    Raises
    ------
    ValueError
        A width under 1 or outputs not in 1..4.
    """

    def __init__(self, width: int, in_channels: int = 1, *, outputs: int = 4) -> None:
        super().__init__()
        if width < 1 or not 1 <= outputs <= 4:
            raise ValueError(f"width must be positive and outputs 1 to 4, got {width} and {outputs}")
        self.widths = tuple(width * 2**branch for branch in range(4))  #: channels of the maps, finest first
        self.conv1 = nn.Conv2d(in_channels, STEM, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        self.conv2 = nn.Conv2d(STEM, STEM, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(STEM)
        first = STEM * EXPANSION
        self.layer1 = nn.Sequential(
            *(Bottleneck(first if i else STEM, STEM, stride=1, attention=False) for i in range(BLOCKS))
        )
        self.transition1 = _Each([_rectified(first, width), self._coarser(first, 1)])
        self.transition2 = _Each([nn.Identity(), nn.Identity(), self._coarser(self.widths[1], 2)])
        self.transition3 = _Each([*(nn.Identity() for _ in range(3)), self._coarser(self.widths[2], 3)])
        self.stage2 = self._stage(2, outputs=2)
        self.stage3 = self._stage(3, outputs=3)
        self.stage4 = self._stage(4, outputs=outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def _coarser(self, channels: int, branch: int) -> nn.Module:
        """The start of a new branch, from the coarsest map so far."""
        return nn.Sequential(_rectified(channels, self.widths[branch], stride=2))

    def _stage(self, branches: int, *, outputs: int) -> nn.Module:
        """Exchange modules; only the last may leave branches out."""
        wanted = [branches] * (MODULES[branches - 2] - 1) + [outputs]
        return nn.Sequential(*(Exchange(self.widths[:branches], count) for count in wanted))

    def maps(self, x: Tensor) -> list[Tensor]:
        """(N, in_channels, H, W) -> `outputs` maps (N, widths[i], H / (4 * 2^i), W / (4 * 2^i)), not negative."""
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = self.layer1(x)
        # what is new starts from the coarsest map; in the first transition that is the only one
        two: list[Tensor] = self.stage2(self.transition1([x, x]))
        three: list[Tensor] = self.stage3(self.transition2([*two, two[-1]]))
        four: list[Tensor] = self.stage4(self.transition3([*three, three[-1]]))
        return four

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> the finest map (N, width, H / 4, W / 4), not negative."""
        return self.maps(x)[0]


class KeypointHRNet(HRNet):
    """HRNet with one heatmap for each point, at a quarter of the picture's resolution.

    It is a trunk and not around one, so that the names of its layers stay those of the public weights.

    Parameters
    ----------
    points
        Number of points.
    width, in_channels
        As of `HRNet`. W18 is what is shipped, W32 the paper's.
    """

    def __init__(self, points: int, width: int = 18, in_channels: int = 1) -> None:
        super().__init__(width, in_channels, outputs=1)
        self.final_layer = nn.Conv2d(width, points, 1)
        for parameter in self.final_layer.parameters():
            nn.init.normal_(parameter, std=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, points, H / 4, W / 4); `models.heatmaps.decode` makes points of them."""
        found: Tensor = self.final_layer(self.maps(x)[0])
        return found
