"""From the aligned spine and the referral to a log-hazard (Kong et al. 2022, figure 2): ResNet, MLP, fusion.

The paper's arms are heads over one and the same picture features: with and without the picture, models 1 to 3.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.pooling import AttentionPool
from models.resnet import ResNet
from models.spine_fracture_xr.clinical import ARMS, CENTRES, ITEMS, UNITS, arm_mask
from models.spine_fracture_xr.preprocess import Layout

Floats = npt.NDArray[np.float64]

FEATURES = 128  # of the picture (models.md S3)
HIDDEN, REFERRAL, FUSED = 32, 16, 64  # of the clinical MLP and of the fusion (same)
DROPOUT = 0.3  # same
LEVELS = 5
DEEPSURV, WITH_IMAGE = "deepsurv_", "deepsurv_image_"  # followed by m1, m2, m3; without picture and with it
FULL = "deepsurv_image"  # picture and all seven items: what the node reports
IMAGE = "image"  # picture alone
# Each arm with the picture and the arm without it that it is blended with
PARTNERS = {FULL: DEEPSURV + "m3", **{WITH_IMAGE + arm: DEEPSURV + arm for arm in ARMS}}
Blends = Mapping[str, tuple[float, float]]


class Seen(NamedTuple):
    """What the trunk makes of a picture."""

    features: Tensor  #: (N, 128)
    weights: Tensor  #: (N, 5) share of each level, sums to 1; NaN for a canvas, where levels are not apart


class PictureEncoder(nn.Module):
    """ResNet-18 -> 128 features, of one canvas or of five patches with attention between them.

    Parameters
    ----------
    width
        Of the ResNet, 1 is 64 channels in the stem.
    layout
        "canvas" or "stack".
    depth
        18, 34 or 50.
    """

    def __init__(self, *, width: float = 0.5, layout: Layout = "canvas", depth: int = 18) -> None:
        super().__init__()
        self.trunk = ResNet(depth, 1, width=width)
        self.pool = AttentionPool(self.trunk.features) if layout == "stack" else None
        self.project = nn.Linear(self.trunk.features, FEATURES)

    def forward(self, x: Tensor) -> Seen:
        """(N, 1, H, W), or (N, 5, H, W) stacked -> features and attention.

        Raises ValueError for another number of channels.
        """
        wanted = 1 if self.pool is None else LEVELS
        if x.ndim != 4 or x.shape[1] != wanted:
            raise ValueError(f"pictures must be (N, {wanted}, H, W), got {tuple(x.shape)}")
        maps: Tensor = self.trunk(x.flatten(0, 1)[:, None])
        pooled = maps.mean((2, 3))
        weights = torch.full((x.shape[0], LEVELS), torch.nan, device=x.device)
        if self.pool is not None:
            pooled, weights, _ = self.pool(pooled.reshape(x.shape[0], LEVELS, -1))
        return Seen(torch.relu(self.project(pooled)), weights)


class ClinicalNet(nn.Module):
    """Seven items and, for each, whether it is known -> 16 features."""

    centres: Tensor
    units: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centres", torch.tensor(CENTRES), persistent=False)
        self.register_buffer("units", torch.tensor(UNITS), persistent=False)
        self.layers = nn.Sequential(nn.Linear(2 * len(ITEMS), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, REFERRAL))

    def forward(self, items: Tensor) -> Tensor:
        """(N, 7) in the order of ITEMS, NaN where not known -> (N, 16), not negative."""
        missing = torch.isnan(items)
        known = torch.where(missing, 0.0, (torch.nan_to_num(items) - self.centres) / self.units)
        found: Tensor = torch.relu(self.layers(torch.cat([known, missing.to(known.dtype)], 1)))
        return found


class HazardArm(nn.Module):
    """One arm of the paper's figure 4: picture features, some items of the referral, or both -> log-hazard.

    Parameters
    ----------
    picture
        Whether the arm sees the picture's features.
    arm
        "m1", "m2", "m3", "all" seven items, or None: no item.
    """

    mask: Tensor

    def __init__(self, *, picture: bool, arm: str | None) -> None:
        super().__init__()
        if not picture and arm is None:
            raise ValueError("an arm must see the picture or the referral")
        self.picture = picture
        self.clinical = ClinicalNet() if arm is not None else None
        shown = np.zeros(len(ITEMS), bool) if arm is None else arm_mask(None if arm == "all" else arm)
        self.register_buffer("mask", torch.from_numpy(shown), persistent=False)
        inputs = FEATURES * picture + (REFERRAL if arm is not None else 0)
        self.fuse = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(inputs, FUSED), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(FUSED, 1)
        )

    def forward(self, features: Tensor, items: Tensor) -> Tensor:
        """Picture features (N, 128) and items (N, 7), NaN where not known -> (N,) log-hazard."""
        parts = [features] if self.picture else []
        if self.clinical is not None:
            parts.append(self.clinical(torch.where(self.mask, items, torch.nan)))
        found: Tensor = self.fuse(torch.cat(parts, 1)).float()
        return found[:, 0]


def arms() -> dict[str, tuple[bool, str | None]]:
    """Every arm by name: whether it sees the picture, and which items."""
    found: dict[str, tuple[bool, str | None]] = {IMAGE: (True, None), FULL: (True, "all")}
    for name in ARMS:
        found[DEEPSURV + name] = (False, name)
        found[WITH_IMAGE + name] = (True, name)
    return found


def blended(hazards: Mapping[str, Floats], blends: Blends) -> dict[str, Floats]:
    """The arms' log-hazards, those with the picture blended with their partners: a * arm + b * partner.

    An encoder knows the people it learnt from too well, so that arms over its features trust the picture too much. The
    two weights of each blend come from people whom it did not learn from. Without any blends the arms stay as they are.
    """
    found = dict(hazards)
    for name, (own, other) in blends.items():
        found[name] = own * hazards[name] + other * hazards[PARTNERS[name]]
    return found


class FractureNet(nn.Module):
    """The picture encoder and all arms over it.

    Parameters
    ----------
    width, layout, depth
        Of `PictureEncoder`.
    """

    def __init__(self, *, width: float = 0.5, layout: Layout = "canvas", depth: int = 18) -> None:
        super().__init__()
        self.encoder = PictureEncoder(width=width, layout=layout, depth=depth)
        self.arms = nn.ModuleDict({name: HazardArm(picture=p, arm=a) for name, (p, a) in arms().items()})

    def forward(self, x: Tensor, items: Tensor) -> Mapping[str, Tensor]:
        """Pictures (N, C, H, W) and items (N, 7), NaN where not known -> (N,) log-hazard of each arm."""
        seen: Seen = self.encoder(x)
        return self.hazards(seen.features, items)

    def hazards(self, features: Tensor, items: Tensor) -> dict[str, Tensor]:
        """The arms on known picture features (N, 128)."""
        return {name: arm(features, items) for name, arm in self.arms.items()}
