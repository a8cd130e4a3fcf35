"""Networks that are compiled in a fraction of a second."""

import torch
from torch import Tensor, nn

from models.engines.engine import Part

SHAPE = (1, 1, 16, 16)
VOLUME = (1, 2, 24, 24, 24)


class Volumes(nn.Module):
    """A convolution and an instance norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(2, 3, 3, padding=1)
        self.norm = nn.InstanceNorm3d(3, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2, Z, Y, X) -> (N, 3, Z, Y, X)."""
        found: Tensor = self.norm(self.conv(x))
        return found


class Forgetful(nn.Module):
    """Gives another answer each time: what is traced of it is one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def forward(self, x: Tensor) -> Tensor:
        """x times how often it was asked."""
        self.asked += 1
        return x * self.asked


def flat(name: str = "trunk") -> Part:
    """Of pictures."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()).eval()
    return Part(name=name, network=network, shape=SHAPE)


def deep(name: str = "volumes") -> Part:
    """Of volumes, whose sides vary."""
    torch.manual_seed(0)
    return Part(name=name, network=Volumes().eval(), shape=VOLUME, varying=(2, 3, 4))


def picture(shape: tuple[int, ...] = SHAPE) -> Tensor:
    """A made-up input."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))
