"""Does this picture show an upright frontal chest? Plain checks of the grey values, then a tiny network.

The header may lie, or say nothing: this looks at the pixels. Trained on phantoms, measured on real radiographs (the
figures are in the documentation of the models that use it).

A model may keep a gate of its own in its bundle. `frontal_gate.safetensors` beside this module is for those that do
not: the gate of cap_mortality_cxr 0.1.0 (weights 6fccb1492a73), which stays what it is when a bundle is replaced.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.framing import Array, Frame, Scaled, robust_scale
from models.noise import noise_level
from models.weights import fill, read_shared_weights
from screening.stopwatch import stage

SHARED_WEIGHTS = Path(__file__).with_name("frontal_gate.safetensors")
SHARED_SHA256 = "3562c1bc728fbee63320b7c26ee3e722e2d6864b34be4374238638e319f75721"
SHARED_THRESHOLD = 0.0  # log odds that the shared gate must give, as in the bundle that it comes from

SIZE = 64  # pixels of the network's square
CHANNELS = (1, 12, 24, 40, 56)
SMALLEST = 128  # pixels along the shorter side; below, ribs and vessels cannot be seen; assumption
FLATTEST = 0.02  # 0.5 to 99.5 percentile of values in 0..1; below, nothing is depicted; assumption
MOST_CLIPPED = 0.75  # share of pixels at the lowest or the highest value; assumption
FEWEST_LEVELS = 12  # different grey values among 0.5..99.5 percentile; assumption
# Noise against the signal (`models.noise`); the noisiest of 1,013 real chests has 0.0219, of 140 simulated ones 0.0139
NOISIEST = 0.026
PERCENTILES = (0.5, 99.5)
SAMPLED = 512  # rows and columns that are looked at: grey value statistics need no more


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a picture is not read."""

    code: str
    reason: str


class FrontalNet(nn.Module):
    """Four strided convolutions and a linear layer that knows up from down."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(CHANNELS):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Linear(CHANNELS[-1] * (SIZE // 16) ** 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 64, 64) in 0..1 -> (N,) log odds of an upright frontal chest."""
        mean, sd = x.mean((2, 3), keepdim=True), x.std((2, 3), keepdim=True)
        logit: Tensor = self.head(self.trunk((x - mean) / (sd + 1e-3)).flatten(1))[:, 0]
        return logit


def shared_gate() -> FrontalNet:
    """The gate that is part of the program.

    Raises
    ------
    WeightsMismatch
        If its weights are missing or not those that the program was made with.
    """
    net = FrontalNet()
    fill(net, read_shared_weights(SHARED_WEIGHTS, SHARED_SHA256, "the frontal gate"), "the frontal gate")
    return net.eval()


def check_values(pixels: Array) -> Refusal | None:
    """What the grey values alone rule out. pixels: float32 (rows, columns) in 0..1."""
    rows, columns = pixels.shape
    if min(rows, columns) < SMALLEST:
        return Refusal(
            code="image-too-small",
            reason=f"the image has {rows} x {columns} pixels; the shorter side needs at least {SMALLEST}",
        )
    return _check_range(pixels) or _check_noise(pixels)


def _check_range(pixels: Array) -> Refusal | None:
    step = max(1, min(pixels.shape) // SAMPLED)
    pixels = pixels[::step, ::step]
    low, high = (float(v) for v in np.percentile(pixels, PERCENTILES))
    if high - low < FLATTEST:
        return Refusal(code="image-blank", reason="the image is blank: its grey values hardly differ")
    clipped = float((pixels <= pixels.min()).mean()), float((pixels >= pixels.max()).mean())
    if max(clipped) > MOST_CLIPPED:
        side = "darkest" if clipped[0] > clipped[1] else "brightest"
        return Refusal(
            code="image-clipped", reason=f"{max(clipped):.0%} of the pixels have the {side} value: exposure is clipped"
        )
    if np.unique(np.round(pixels[(pixels >= low) & (pixels <= high)], 4)).size < FEWEST_LEVELS:
        return Refusal(code="image-posterised", reason=f"the image has fewer than {FEWEST_LEVELS} grey values")
    return None


def _check_noise(pixels: Array) -> Refusal | None:
    level = noise_level(pixels)
    if level <= NOISIEST:
        return None
    return Refusal(code="image-noisy", reason=f"noise is {level:.1%} of the signal; at most {NOISIEST:.1%} can be read")


@torch.no_grad()
def frontal_score(net: FrontalNet, pixels: Array, *, between: Scaled | None = None) -> float:
    """Log odds that the picture is an upright frontal chest.

    pixels: float32 (rows, columns); between: the same between PERCENTILES, where somebody has that already.
    """
    values = robust_scale(pixels, *PERCENTILES) if between is None else between.values
    square = Frame(rows=pixels.shape[0], columns=pixels.shape[1], size=SIZE).apply(values)
    with stage("network.frontal_gate"):
        return float(net(torch.from_numpy(square)[None, None])[0])


def check_view(net: FrontalNet, pixels: Array, threshold: float, *, between: Scaled | None = None) -> Refusal | None:
    """Refuse what does not look like an upright frontal chest: a score below the threshold; see `frontal_score`."""
    score = frontal_score(net, pixels, between=between)
    if score >= threshold:
        return None
    return Refusal(
        code="not-a-frontal-chest",
        reason="the picture does not look like an upright frontal chest radiograph"
        f" (score {score:.1f}, at least {threshold:.1f} is needed)",
    )
