"""ResNet with Coordinate Attention in every block -> global average pooling -> log odds of each month of age.

What is known beside the picture (sex, scale) turns each pooled feature up or down and shifts it (Perez et al. 2018),
and enters the head as it is. The class activation map stays exact arithmetic for a given child.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.ages import BINS, AgeHead, expectation
from models.pediatric_age_cxr.preprocess import SCALARS
from models.resnet import ResNet

DROPOUT = 0.1  # assumption
HIDDEN = 32  # units between the scalars and what they turn; assumption


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Which ResNet."""

    depth: int  #: 18, 34 or 50
    width: float  #: of the channels of every layer


SMALL = Architecture(depth=18, width=0.5)  #: shipped
REFERENCE = Architecture(depth=34, width=0.5)
LARGE = Architecture(depth=50, width=1.0)  #: for sites with a GPU and many radiographs


class Output(NamedTuple):
    """What one pass gives."""

    logits: Tensor  #: (N, 229) log odds of each month
    features: Tensor  #: (N, C) pooled, not negative, before the scalars turn them
    map: Tensor  #: (N, C, size / 32, size / 32)
    gain: Tensor  #: (N, C) by which the scalars turn the features


class AgeNet(nn.Module):
    """The network. The paper names ResNet and Coordinate Attention; depth, width and conditioning are our assumption.

    Parameters
    ----------
    architecture
        Depth and width of the ResNet.
    """

    def __init__(self, architecture: Architecture = SMALL) -> None:
        super().__init__()
        self.trunk = ResNet(architecture.depth, 1, width=architecture.width, attention=True)
        self.features = self.trunk.features  #: C
        self.condition = nn.Sequential(nn.Linear(SCALARS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * self.features))
        last = self.condition[2]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]  # nn.Sequential forgets what its members are
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.dropout = nn.Dropout(DROPOUT)
        self.head = AgeHead(self.features + SCALARS)

    def forward(self, x: Tensor, scalars: Tensor) -> Output:
        """(N, 1, size, size) standardised and (N, 4) scalars -> Output."""
        feature_map = self.trunk(x)
        pooled = feature_map.mean((2, 3))
        turn, shift = self.condition(scalars).chunk(2, 1)
        gain = 1 + turn
        logits = self.head(torch.cat([self.dropout(pooled * gain + shift), scalars], 1))
        return Output(logits, pooled, feature_map, gain)


def age_direction(output: Output, head: AgeHead) -> Tensor:
    """(N, C): by how many months the expected age rises for each unit of a pooled feature.

    The derivative of the expectation; with it `models.cam.class_activation` shows what speaks for an older child
    (positive) or a younger one (negative) than the rest of the picture.
    """
    logits = output.logits.float()
    shares = logits.softmax(1)
    months = torch.arange(BINS, dtype=torch.float32, device=logits.device)
    away = shares * (months - expectation(logits)[:, None])
    return (away @ head.linear.weight[:, : output.features.shape[1]].float()) * output.gain.float()
