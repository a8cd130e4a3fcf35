"""DenseNet-121 -> global average pooling -> dropout -> one logit, and auxiliary outputs that only training uses."""

from typing import NamedTuple

from torch import Tensor, nn

from models.densenet import FEATURES, DenseNet121

DROPOUT = 0.2
AUXILIARY = 9  # filled share of six lung zones, effusion right and left, age


class Output(NamedTuple):
    """What one pass gives."""

    logit: Tensor  #: (N,) uncalibrated log odds of death within 30 days
    features: Tensor  #: (N, 1024) pooled, not negative
    map: Tensor  #: (N, 1024, size / 32, size / 32)


class MortalityNet(nn.Module):
    """The network. The paper's is not public; this one is our assumption."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = DenseNet121(in_channels=1)
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(FEATURES, 1)

    def forward(self, x: Tensor) -> Output:
        """(N, 1, size, size) float32, standardised -> Output."""
        feature_map = self.trunk(x)
        pooled = feature_map.mean((2, 3))
        return Output(self.head(self.dropout(pooled))[:, 0], pooled, feature_map)
