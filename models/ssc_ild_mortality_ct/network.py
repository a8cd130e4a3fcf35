"""The network: one 2-D backbone for all slices, attention over them, a hazard head of five years.

The paper compares ResNet-18, DenseNet-121 and Swin Transformer on lung-segmented CT; how it fed a volume to them and
one network for all years are our assumptions.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.densenet import FEATURES, DenseNet121
from models.hazard import HazardHead
from models.pooling import AttentionPool, SliceEncoder
from models.resnet import ResNet
from models.swin import TINY, Swin

YEARS = 5  # bins of the hazard head, each a year
CHANNELS = 3  # a slice and its neighbours below and above
MEAN, SD = 0.4, 0.33  # about those of a slice in 0..1; fixed, so that they are no part of training


def _resnet18(width: float) -> tuple[nn.Module, int]:
    trunk = ResNet(18, CHANNELS, width=width)
    return trunk, trunk.features


def _densenet121(width: float) -> tuple[nn.Module, int]:
    if width != 1:
        raise ValueError(f"densenet121 has one width, 1, got {width}")
    return DenseNet121(CHANNELS), FEATURES


def _swin(width: float) -> tuple[nn.Module, int]:
    trunk = Swin(CHANNELS, round(TINY * width))
    return trunk, trunk.features


BACKBONES: Mapping[str, Callable[[float], tuple[nn.Module, int]]] = {
    "resnet18": _resnet18,
    "densenet121": _densenet121,
    "swin": _swin,
}
"""Trunk and its number of channels for a width, by the name of the backbone."""


class Output(NamedTuple):
    """What the network says of N examinations."""

    logits: Tensor  #: (N, 5) log odds of death by the end of each year, not falling from year to year
    features: Tensor  #: (N, F) of the examination
    weights: Tensor  #: (N, S) share of each slice, sums to 1
    slices: Tensor  #: (N, S, F) features of each slice


class MortalityNet(nn.Module):
    """Slices of a lung -> risks that never fall with the year.

    Parameters
    ----------
    backbone
        "resnet18", "densenet121" or "swin".
    width
        Multiplies the backbone's channels: any for resnet18, 1 for densenet121, 0.5 (the reference weights) or 1 for
        swin.

    Raises
    ------
    ValueError
        An unknown backbone, or a width that it does not have.
    """

    def __init__(self, backbone: str = "resnet18", *, width: float = 1.0) -> None:
        super().__init__()
        if backbone not in BACKBONES:
            raise ValueError(f"backbone must be one of {', '.join(BACKBONES)}, got {backbone!r}")
        trunk, features = BACKBONES[backbone](width)
        self.encoder = SliceEncoder(trunk)
        self.pool = AttentionPool(features)
        self.head = HazardHead(features, YEARS)
        self.features = features  #: length of the examination's feature vector

    def forward(self, x: Tensor, present: Tensor | None = None) -> Output:
        """Slices in 0..1, (N, S, H, W) from the lung's base to its apex, and which are there, (N, S) -> Output."""
        return self.read(with_neighbours(x), present)

    def read(self, x: Tensor, present: Tensor | None = None) -> Output:
        """The same for slices that have their neighbours, (N, S, 3, H, W): of some slices of a lung, for example."""
        pooled = self.pool(self.encoder((x - MEAN) / SD), present)
        return Output(self.head(pooled.features), pooled.features, pooled.weights, pooled.slices)


def with_neighbours(x: Tensor) -> Tensor:
    """(N, S, H, W) -> (N, S, 3, H, W): below, itself, above; the first and last are their own neighbours."""
    below = torch.cat([x[:, :1], x[:, :-1]], 1)
    above = torch.cat([x[:, 1:], x[:, -1:]], 1)
    return torch.stack([below, x, above], 2)
