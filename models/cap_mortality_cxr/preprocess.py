"""A radiograph as the network sees it, and the way back to source pixels."""

import numpy as np
import torch
from torch import Tensor

from models.framing import Array, Frame, Scaled, robust_scale

VERSION = "1"  #: part of the configuration digest: change it whenever a number changes
PERCENTILES = (0.5, 99.5)  # [0, 1] by 0.5/99.5 percentile
MEAN, SD = 0.45, 0.28  # about those of the simulated training pictures; fixed, so that they are no part of training


def prepare(pixels: Array, size: int, *, between: Scaled | None = None) -> tuple[Array, Frame]:
    """float32 (rows, columns) -> float32 (size, size) in 0..1, and where the image lies in it.

    between: the picture between PERCENTILES, where somebody has that already.
    """
    frame = Frame(rows=pixels.shape[0], columns=pixels.shape[1], size=size)
    return frame.apply(robust_scale(pixels, *PERCENTILES) if between is None else between.values), frame


def to_tensor(square: Array) -> Tensor:
    """float32 (size, size) in 0..1 -> float32 (1, 1, size, size), standardised."""
    return torch.from_numpy(np.ascontiguousarray((square - MEAN) / SD, np.float32))[None, None]
