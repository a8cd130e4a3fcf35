"""Risks that never fall with the horizon: a cumulative hazard head (Sybil, Mikhael et al. 2023) and its loss.

    logit_t = b(x) + sum over k <= t of relu(h_k(x)),   p_t = sigmoid(logit_t)

Three separate classifiers for one, three and five years could give a smaller risk for the longer time.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class HazardHead(nn.Module):
    """Features -> one logit for each time bin, not decreasing from bin to bin.

    Parameters
    ----------
    features
        Length of the feature vector.
    bins
        Number of time bins; bin t (1, 2, ...) is "the event comes by time t".
    """

    STEP = 0.25  # first hazards: a relu that starts at 0 for half of the patients learns nothing from them

    def __init__(self, features: int, bins: int) -> None:
        super().__init__()
        if bins < 1:
            raise ValueError(f"bins must be at least 1, got {bins}")
        self.base = nn.Linear(features, 1)
        self.hazards = nn.Linear(features, bins)
        nn.init.constant_(self.hazards.bias, self.STEP)

    def forward(self, x: Tensor) -> Tensor:
        """(N, features) -> (N, bins) log odds of the event by the end of each bin."""
        # the sum in float32 also under autocast: half precision would round small hazards away
        hazards = torch.relu(self.hazards(x)).float()
        base: Tensor = self.base(x).float()
        return base + hazards.cumsum(1)


def probabilities(logits: Tensor) -> Tensor:
    """(N, bins) log odds -> (N, bins) risk of the event by the end of each bin, in 0..1."""
    return torch.sigmoid(logits)


def by_each_bin(time: Tensor, event: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """What is known of each patient at the end of each bin.

    Parameters
    ----------
    time
        (N,) follow-up in units of bins, say years; not negative.
    event
        (N,) bool: the event came at `time`; otherwise the patient was last seen without it.
    bins
        Number of time bins.

    Returns
    -------
    happened, known
        (N, bins) float32 each, 0 or 1. An event is known in every bin; a patient censored before a bin's end is not
        known there.

    Raises
    ------
    ValueError
        Shapes that differ, or a time that is negative or not a number.
    """
    if time.ndim != 1 or time.shape != event.shape:
        raise ValueError(f"time and event must have one and the same length, got {time.shape} and {event.shape}")
    if not bool((time >= 0).all()):
        raise ValueError("time must not be negative or NaN")
    ends = torch.arange(1, bins + 1, device=time.device, dtype=time.dtype)
    came = event.bool()[:, None]
    happened = came & (time[:, None] <= ends)
    known = came | (time[:, None] >= ends)
    return happened.float(), known.float()


def masked_bce(logits: Tensor, time: Tensor, event: Tensor) -> Tensor:
    """Binary cross-entropy of each bin's risk, mean over what is known; a scalar, 0 if nothing is.

    Parameters
    ----------
    logits
        (N, bins) from `HazardHead`.
    time, event
        (N,) each, as in `by_each_bin`.
    """
    happened, known = by_each_bin(time, event, logits.shape[1])
    each = functional.binary_cross_entropy_with_logits(logits, happened, reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)
