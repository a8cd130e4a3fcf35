"""A small 3-D U-Net (Cicek et al. 2016) with the norm and activation of nnU-Net (Isensee et al. 2021)."""

import torch
from torch import Tensor, nn

WIDTHS = (16, 32, 64, 80, 96)  # channels from the finest to the coarsest resolution: 2.06 M parameters; assumption
SLOPE = 0.01  # of the leaky ReLU below 0


def _block(channels: int, out: int) -> nn.Sequential:
    """Two 3x3x3 convolutions."""
    layers: list[nn.Module] = []
    for inner in (channels, out):
        layers += [
            nn.Conv3d(inner, out, 3, padding=1, bias=False),
            nn.InstanceNorm3d(out, affine=True),
            nn.LeakyReLU(SLOPE),
        ]
    return nn.Sequential(*layers)


class UNet3d(nn.Module):
    """Volume -> logits of each voxel's class, at the volume's own resolution.

    Parameters
    ----------
    classes
        Number of classes, background among them.
    in_channels
        Channels of the volume, 1 for CT.
    widths
        Channels at each resolution, finest first.

    Raises
    ------
    ValueError
        Fewer than two resolutions.
    """

    def __init__(self, classes: int, in_channels: int = 1, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"widths must name at least two resolutions, got {widths}")
        self.multiple = 2 ** (len(widths) - 1)  #: voxels: each side of the volume is a multiple of this
        self.down = nn.ModuleList(_block(c, w) for c, w in zip((in_channels, *widths), widths, strict=False))
        self.pool = nn.MaxPool3d(2)
        coarse, fine = widths[:0:-1], widths[-2::-1]
        self.widen = nn.ModuleList(nn.ConvTranspose3d(c, f, 2, stride=2) for c, f in zip(coarse, fine, strict=True))
        self.up = nn.ModuleList(_block(2 * f, f) for f in fine)
        self.head = nn.Conv3d(widths[0], classes, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, Z, Y, X) -> (N, classes, Z, Y, X) logits.

        Raises ValueError when a side is no multiple of `multiple` (16 with five resolutions): pad, the caller knows
        with what.
        """
        if any(side % self.multiple for side in x.shape[2:]):
            raise ValueError(f"each side must be a multiple of {self.multiple}, got {tuple(x.shape[2:])}")
        kept: list[Tensor] = []
        for number, block in enumerate(self.down):
            x = block(self.pool(x) if number else x)
            kept.append(x)
        kept.pop()
        for widen, block in zip(self.widen, self.up, strict=True):
            x = block(torch.cat([kept.pop(), widen(x)], 1))
        found: Tensor = self.head(x)
        return found
