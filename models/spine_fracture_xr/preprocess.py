"""A lateral lumbar radiograph as the fracture network sees it: grey values, alignment on L1-L5, layout, size."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from models.framing import Array
from models.patches import VARIANTS, Variant, canvas, stack
from models.similarity import CANVAS, Points

VERSION = "1"  #: part of the configuration digest: change it whenever a number changes
MEAN, SD = 0.30, 0.30  # about those of the simulated aligned pictures; fixed, so that they are no part of training

Layout = Literal["canvas", "stack"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, kw_only=True)
class View:
    """How the aligned spine is shown to the network.

    Raises ValueError for another variant or layout, a stack of a variant that has no patches, or a size that is not
    within 32..384.
    """

    variant: Variant = "patches_L1L5"
    layout: Layout = "canvas"  #: patches left in place on a black canvas, or one by one
    size: int = CANVAS  #: pixels along each side of the canvas or of a patch

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS or self.layout not in LAYOUTS:
            raise ValueError(f"no variant {self.variant!r} in layout {self.layout!r}")
        if self.layout == "stack" and not self.variant.startswith("patches"):
            raise ValueError(f"{self.variant} has no patches to stack")
        if not 32 <= self.size <= CANVAS:
            raise ValueError(f"size must lie within 32..{CANVAS}, got {self.size}")

    @property
    def channels(self) -> int:
        """Pictures of one spine: one canvas, or a patch for each of five levels."""
        return 1 if self.layout == "canvas" else 5

    def show(self, image: Array, points: Points) -> Array:
        """The spine in 0..1, 0 outside of what is shown: float32 (channels, size, size).

        Parameters
        ----------
        image
            float32 (rows, columns) in 0..1, from `scale`.
        points
            (5, 2) column and row of the centres of L1 to L5 in pixels of the image.

        Raises
        ------
        ValueError
            Points that are none of a spine.
        """
        if self.layout == "stack":
            return stack(image, points, masked=self.variant.endswith("mask"), size=self.size)
        picture, _ = canvas(image, points, self.variant, size=self.size)
        return picture[None]


def scale(pixels: Array) -> Array:
    """Minimum to 0 and maximum to 1 (Kong et al. 2022); a flat picture gives zeros."""
    low, high = float(pixels.min()), float(pixels.max())
    if high <= low:
        return np.zeros_like(pixels, np.float32)
    return np.asarray((pixels - low) / (high - low), np.float32)


def standardise(shown: torch.Tensor) -> torch.Tensor:
    """0..1 -> what the network takes, any shape."""
    return (shown - MEAN) / SD
