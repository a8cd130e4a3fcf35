"""Bone and muscle in sixteen slices: one 2-D encoder, a recurrent network with attention, two heads (models.md 3, S4).

The network of the 2025 paper is not public; this one follows its predecessor's attention CNN-RNN (JMIR 2024, e48535).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.bone_muscle_ct.layout import LEVELS, PLACES
from models.bone_muscle_ct.preprocess import CHANNELS
from models.hazard import HazardHead
from models.pooling import RecurrentPool, SliceEncoder
from models.resnet import ResNet

DEPTH = 18
HIDDEN = 64  # of the GRU in each direction; 128 in the specification, halved with the encoder's width
BINS = 5  # years
AUXILIARY = len(LEVELS) + 2  # trabecular HU by level, muscle HU and area
DROPOUT = 0.2


class Output(NamedTuple):
    """What the network says of N stacks; logits before calibration."""

    hazard: Tensor  #: (N, 5) log odds of a fracture by the end of each year, not decreasing
    fracture: Tensor  #: (N,) log odds that any level is fractured now
    levels: Tensor  #: (N, 6) the same by level, `layout.LEVELS`
    auxiliary: Tensor  #: (N, 8) standardised trabecular HU by level, muscle HU and muscle area; for training
    features: Tensor  #: (N, 2 * hidden) of the whole stack
    attention: Tensor  #: (N, S) share of each slice


class BoneMuscleNet(nn.Module):
    """Slices to the present and the future of the spine.

    Parameters
    ----------
    width
        Of the ResNet-18 against the usual one: 0.75 in the specification.
    hidden
        Of the GRU in each direction.
    bins
        Yearly time bins of the hazard head.
    """

    share: Tensor

    def __init__(self, *, width: float = 0.375, hidden: int = HIDDEN, bins: int = BINS) -> None:
        super().__init__()
        trunk = ResNet(DEPTH, CHANNELS, width=width)
        self.encoder = SliceEncoder(trunk)
        self.pool = RecurrentPool(trunk.features, hidden)
        self.drop = nn.Dropout(DROPOUT)
        wide = self.pool.features
        self.fracture = nn.Linear(wide, 1)
        self.level = nn.Linear(wide, 1)
        self.trabecular = nn.Linear(wide, 1)
        self.muscle = nn.Linear(wide, 2)
        self.hazard = HazardHead(wide, bins)
        self.bins = bins
        share = torch.tensor([[float(place == level) for place, _ in PLACES] for level in LEVELS])
        self.register_buffer("share", share, persistent=False)  # (6, S) which slices belong to a level

    def forward(self, x: Tensor, present: Tensor | None = None) -> Output:
        """(N, S, 3, H, W) of `preprocess.network_input`, and which slices are there (N, S) bool.

        Without `present` all are. Raises ValueError where `models.pooling` does.
        """
        return self.heads(self.encoder(x), present)

    def heads(self, slices: Tensor, present: Tensor | None = None) -> Output:
        """What comes after the encoder: (N, S, F) features of slices."""
        pooled = self.pool(slices, present)
        features = self.drop(pooled.features)
        by_level = self.drop(self._levels(pooled.slices, present))
        auxiliary = torch.cat([self.trabecular(by_level)[..., 0], self.muscle(features)], 1)
        return Output(
            hazard=self.hazard(features), fracture=self.fracture(features)[:, 0], levels=self.level(by_level)[..., 0],
            auxiliary=auxiliary, features=pooled.features, attention=pooled.weights,
        )  # fmt: skip

    def _levels(self, slices: Tensor, present: Tensor | None) -> Tensor:
        """(N, S, F) to (N, 6, F): the mean of each level's slices that are there; 0 where none is."""
        share = self.share[None] if present is None else self.share[None] * present[:, None].float()
        share = share / share.sum(2, keepdim=True).clamp(min=1)
        return torch.matmul(share, slices)
