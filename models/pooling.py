"""From the slices of a volume to one feature vector: a shared 2-D encoder, attention, a recurrent network."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Pooled(NamedTuple):
    """What is left of a stack of slices."""

    features: Tensor  #: (N, F) of the whole stack
    weights: Tensor  #: (N, S) share of each slice, sums to 1; 0 for a slice that is not there
    slices: Tensor  #: (N, S, F) of each slice, as the weights were applied to them


class SliceEncoder(nn.Module):
    """One 2-D trunk for all slices, then global average pooling.

    Parameters
    ----------
    trunk
        (M, C, H, W) -> (M, F, h, w): `models.resnet`, `models.densenet` or `models.swin`.
    """

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, x: Tensor) -> Tensor:
        """(N, S, C, H, W) -> (N, S, F)."""
        maps: Tensor = self.trunk(x.flatten(0, 1))
        return maps.mean((2, 3)).reshape(x.shape[0], x.shape[1], -1)


def _present(x: Tensor, present: Tensor | None) -> Tensor:
    """The slices that are there, (N, S) bool."""
    if present is None:
        return torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    if present.shape != x.shape[:2]:
        raise ValueError(f"present must be {tuple(x.shape[:2])}, got {tuple(present.shape)}")
    if not bool(present.any(1).all()):
        raise ValueError("present must name at least one slice of each stack")
    return present.bool()


class AttentionPool(nn.Module):
    """Gated attention over slices (Ilse et al. 2018, equation 9).

    Parameters
    ----------
    features
        Length of a slice's feature vector.
    hidden
        Width of the layer that judges a slice.
    """

    def __init__(self, features: int, hidden: int = 128) -> None:
        super().__init__()
        self.value = nn.Linear(features, hidden)
        self.gate = nn.Linear(features, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, x: Tensor, present: Tensor | None = None) -> Pooled:
        """Slices (N, S, F), and which of them are there, (N, S) bool -> Pooled with the same F.

        Raises ValueError when `present` has another shape or names no slice of a stack.
        """
        there = _present(x, present)
        # what is not there may be anything, NaN too: a weight or a gradient of 0 times NaN would not be 0
        x = x.masked_fill(~there[..., None], 0)
        scores: Tensor = self.score(torch.tanh(self.value(x)) * torch.sigmoid(self.gate(x)))[..., 0]
        weights = scores.masked_fill(~there, -torch.inf).softmax(1)
        return Pooled((weights[..., None] * x).sum(1), weights, x)


class RecurrentPool(nn.Module):
    """A bidirectional GRU along the slices, then attention: each slice is judged beside its neighbours.

    Our assumption, after the attention CNN-RNN of the JMIR 2024 predecessor (e48535).

    Parameters
    ----------
    features
        Length of a slice's feature vector.
    hidden
        Width of the GRU in each direction; `Pooled.features` has 2 * hidden.
    """

    def __init__(self, features: int, hidden: int = 128) -> None:
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.attention = AttentionPool(2 * hidden, hidden)
        self.features = 2 * hidden

    def forward(self, x: Tensor, present: Tensor | None = None) -> Pooled:
        """Slices (N, S, F), and which of them are there, (N, S) bool -> Pooled of 2 * hidden features.

        A slice that is not there counts as if its neighbours touched. Raises as `AttentionPool` does.
        """
        # without `present` nothing hangs on the data: that path can be exported
        states: Tensor = self.gru(x)[0] if present is None else self._skipping(x, _present(x, present))
        pooled: Pooled = self.attention(states, present)
        return pooled

    def _skipping(self, x: Tensor, there: Tensor) -> Tensor:
        """States (N, S, 2 * hidden) of a GRU that sees only what is there; 0 elsewhere."""
        order = torch.argsort((~there).byte(), dim=1, stable=True)[..., None]  # what is there first, in its order
        front = x.gather(1, order.expand_as(x))
        lengths = there.sum(1).cpu()  # the packing wants them in main memory
        packed = pack_padded_sequence(front, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])
        return torch.zeros_like(states).scatter(1, order.expand_as(states), states)
