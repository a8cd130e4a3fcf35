"""Age as a distribution over one-month bins: expectation, interval, and the loss that makes both mean something."""

import torch
from torch import Tensor, nn
from torch.nn import functional

BINS = 229  # months 0 to 228, that is 0 to 19 years
SPREAD = 2.0  # months, SD of the distribution that training aims at; assumption
SPREAD_WEIGHT = 0.1  # of the divergence beside the absolute error; assumption


class AgeHead(nn.Module):
    """Features -> log odds of each month of age.

    Parameters
    ----------
    features
        Length of the feature vector, with whatever scalars (log mm per pixel, sex) were appended to it.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, BINS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, features) -> (N, 229) logits."""
        logits: Tensor = self.linear(x)
        return logits


def _months(like: Tensor) -> Tensor:
    return torch.arange(BINS, device=like.device, dtype=torch.float32)


def expectation(logits: Tensor) -> Tensor:
    """(N, 229) logits -> (N,) age in months, 0 to 228."""
    return logits.float().softmax(1) @ _months(logits)


def interval(logits: Tensor, coverage: float = 0.8) -> tuple[Tensor, Tensor]:
    """Ages between which the given share of the distribution lies, equal tails.

    Each month's share is spread evenly from half a month before to half a month after.

    Parameters
    ----------
    logits
        (N, 229).
    coverage
        Share inside, between 0 and 1. The network's own belief: a conformal step must still calibrate it.

    Returns
    -------
    low, high
        (N,) months each, 0 to 228.

    Raises
    ------
    ValueError
        coverage is not between 0 and 1.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must lie between 0 and 1, got {coverage}")
    shares = logits.double().softmax(1)
    tail = (1 - coverage) / 2
    return _quantile(shares, tail), _quantile(shares, 1 - tail)


def _quantile(shares: Tensor, level: float) -> Tensor:
    """(N, 229) shares -> (N,) months below which `level` of them lies."""
    reached = shares.cumsum(1)
    wanted = torch.full_like(reached[:, :1], level)
    index = torch.searchsorted(reached, wanted).clamp(max=BINS - 1)
    share = shares.gather(1, index)
    before = reached.gather(1, index) - share
    inside = ((wanted - before) / share.clamp(min=torch.finfo(share.dtype).tiny)).clamp(0, 1)
    return (index + inside - 0.5)[:, 0].clamp(0, BINS - 1).float()


def target(months: Tensor) -> Tensor:
    """(N,) ages in months -> (N, 229) shares of a normal distribution around each (SD 2 months), cut to the bins."""
    away = (_months(months) - months.float()[:, None]) / SPREAD
    return (-0.5 * away.square()).softmax(1)


def age_loss(logits: Tensor, months: Tensor) -> Tensor:
    """L1 of the expectation plus 0.1 KL(target || predicted); a scalar.

    Parameters
    ----------
    logits
        (N, 229).
    months
        (N,) true ages in months.
    """
    wrong = functional.l1_loss(expectation(logits), months.float())
    divergence = functional.kl_div(logits.float().log_softmax(1), target(months), reduction="batchmean")
    return wrong + SPREAD_WEIGHT * divergence
