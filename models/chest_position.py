"""Does a frontal chest lie whole in the picture, the heart on the right side of it? A tiny network; it knows no more.

`models.frontal_gate` has said before that this is an upright frontal chest. Trained on phantoms and real radiographs
whose sides were cut off and swapped (`training.fitting.chest_position`); the figures are in docs/quality-control.md.

A heart on the wrong side may be a picture that was mirrored, a heart that lies there (dextrocardia, situs inversus), or
one that was pushed or drawn there by a disease of the lung: no picture tells them apart. So it is a remark, no refusal.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.framing import Array, Scaled, robust_scale
from models.frontal_gate import CHANNELS, PERCENTILES, Refusal
from models.weights import fill, read_shared_weights
from screening.stopwatch import stage

WEIGHTS = Path(__file__).with_name("chest_position.safetensors")
SHA256 = "586e688c424c13b9a2b4606cd7ba5232a20f4ee1394fe39e36711b8e6b47cb05"

SIZE = 64  # pixels along each side of the network's square, whatever the shape of the picture
CUT_OFF, MIRRORED = 0, 1  # which log odds the network gives
CUT_THRESHOLD, MIRRORED_THRESHOLD = 3.0, 3.0  # log odds; docs/quality-control.md has what passes them

MIRRORED_NOTE = (
    "The heart seems to lie on the patient's right: the picture may be mirrored, or the heart may lie there or be"
    " displaced. The model has learned from none of these."
)


@dataclass(frozen=True, kw_only=True)
class Position:
    """Log odds."""

    cut_off: float  #: a part of the lungs lies outside of the picture
    mirrored: float  #: the heart lies on the patient's right


class PositionNet(nn.Module):
    """Four strided convolutions and a linear layer that knows where things lie."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(CHANNELS):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Linear(CHANNELS[-1] * (SIZE // 16) ** 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 64, 64) in 0..1 -> (N, 2) log odds: CUT_OFF, MIRRORED."""
        mean, sd = x.mean((2, 3), keepdim=True), x.std((2, 3), keepdim=True)
        logits: Tensor = self.head(self.trunk((x - mean) / (sd + 1e-3)).flatten(1))
        return logits


def position_net() -> PositionNet:
    """The network that is part of the program.

    Raises
    ------
    WeightsMismatch
        If its weights are missing or not those that the program was made with.
    """
    net = PositionNet()
    fill(net, read_shared_weights(WEIGHTS, SHA256, "the check of the chest's position"), "the check of the position")
    return net.eval()


def squeezed(pixels: Array, *, between: Scaled | None = None) -> Array:
    """float32 (rows, columns) -> (64, 64) in 0..1, stretched: the shape of a picture says nothing of what it lacks.

    between: the picture between PERCENTILES, where somebody has that already.
    """
    values = robust_scale(pixels, *PERCENTILES) if between is None else between.values
    whole = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    small = functional.interpolate(whole, size=(SIZE, SIZE), mode="bilinear", antialias=True)
    return np.asarray(small[0, 0].numpy(), np.float32)


@torch.no_grad()
def position_of(net: PositionNet, pixels: Array, *, between: Scaled | None = None) -> Position:
    """pixels: float32 (rows, columns); between: as in `squeezed`."""
    x = torch.from_numpy(squeezed(pixels, between=between))[None, None]
    with stage("network.chest_position"):
        cut_off, mirrored = net(x)[0].tolist()
    return Position(cut_off=cut_off, mirrored=mirrored)


def check_whole(position: Position) -> Refusal | None:
    """Refuse a picture that lacks a part of the lungs."""
    if position.cut_off < CUT_THRESHOLD:
        return None
    return Refusal(
        code="chest-cut-off",
        reason="a part of the chest seems to lie outside of the picture"
        f" (score {position.cut_off:.1f}, below {CUT_THRESHOLD:.1f} is needed)",
    )


def position_notes(position: Position) -> tuple[str, ...]:
    """The remark, if there is one to make."""
    return (MIRRORED_NOTE,) if position.mirrored >= MIRRORED_THRESHOLD else ()
