"""The bundle of `spine_fracture_xr` made ready to read: keypoints, alignment, hazards, risks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models import ood
from models.hrnet import KeypointHRNet
from models.spine_fracture_xr.calibration import HORIZONS, Calibration
from models.spine_fracture_xr.clinical import ARMS, CoxModel
from models.spine_fracture_xr.keypoints import LEVELS, Located, locate
from models.spine_fracture_xr.network import FULL, PARTNERS, Blends, FractureNet, Seen, blended
from models.spine_fracture_xr.preprocess import VERSION, View, standardise
from models.weights import fill, pick_device, read_weights
from screening.card import ModelCard
from screening.errors import WeightsMismatch
from screening.stopwatch import stage

Floats = npt.NDArray[np.float64]
NAME = "spine_fracture_xr"
BATCH = 64  # pictures at a time


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What N people's pictures and referrals say."""

    hazards: Mapping[str, Floats]  #: (N,) log-hazard of each arm, blended: image, deepsurv_m1, deepsurv_image_m1, ...
    cox: Mapping[str, Floats]  #: (N,) log-hazard of the clinical Cox models cox_m1 to cox_m3
    risks: Floats  #: (N, 3) by 1, 3 and 5 years, of picture and all items
    percentile: Floats  #: (N,) among the reference cohort
    distance: Floats  #: (N,) of the picture's features from the training data; 1 is the 99th percentile
    attention: Floats  #: (N, 5) share of each level where patches are stacked; NaN on a canvas


@dataclass(frozen=True, kw_only=True)
class FractureReader:
    """Networks and constants of a bundle."""

    card: ModelCard
    view: View
    keypoint_size: int  #: input of the keypoint network, pixels
    keypoints: KeypointHRNet = field(repr=False)
    net: FractureNet = field(repr=False)
    blends: Blends
    calibration: Calibration = field(repr=False)
    cox: Mapping[str, CoxModel] = field(repr=False)
    ood: Mapping[str, Tensor] = field(repr=False)
    device: torch.device

    def find(self, squares: npt.NDArray[np.float32]) -> Located:
        """Centres of L1 to L5 on pictures (N, size, size) of 0..1, in pixels of these."""
        return find(self.keypoints, self.keypoint_size, squares, device=self.device)

    def show(self, squares: npt.NDArray[np.float32], points: npt.NDArray[np.floating[Any]]) -> Tensor:
        """What the fracture network takes, (N, C, size, size).

        Parameters
        ----------
        squares
            (N, size, size) in 0..1.
        points
            (N, 5, 2) column and row in their pixels.

        Raises
        ------
        ValueError
            Points that are none of a spine: see `Located.refusals`.
        """
        shown = [self.view.show(image, np.asarray(p, np.float64)) for image, p in zip(squares, points, strict=True)]
        return standardise(torch.from_numpy(np.stack(shown)))

    @torch.inference_mode()
    def read(self, shown: Tensor, items: npt.NDArray[np.floating[Any]]) -> Reading:
        """Hazards and risks.

        Parameters
        ----------
        shown
            From `show`.
        items
            (N, 7) of the referral in the order of ITEMS, NaN where not known.
        """
        parts: list[Seen] = []
        with stage("network.fracture"):
            for start in range(0, len(shown), BATCH):
                x = shown[start : start + BATCH].to(self.device, memory_format=torch.channels_last)
                parts.append(self.net.encoder(x))
            features = torch.cat([part.features.float() for part in parts])
            referral = torch.from_numpy(np.asarray(items, np.float32)).to(self.device)
            arms = {name: _numbers(value) for name, value in self.net.hazards(features, referral).items()}
        hazards = blended(arms, self.blends)
        near = [float(ood.distance(self.ood, row)) for row in features.cpu()]
        return Reading(
            hazards=hazards, cox={f"cox_{arm}": model.log_hazard(items) for arm, model in self.cox.items()},
            risks=self.calibration.risk(hazards[FULL], HORIZONS), percentile=self.calibration.percentile(hazards[FULL]),
            distance=np.asarray(near, np.float64), attention=_numbers(torch.cat([part.weights for part in parts])),
        )  # fmt: skip


def find(
    network: KeypointHRNet, keypoint_size: int, squares: npt.NDArray[np.float32], *, device: torch.device
) -> Located:
    """Centres of L1 to L5 on pictures (N, size, size) of 0..1, in pixels of these.

    keypoint_size: what the network was trained for, pixels; pictures are resized to it.
    """
    size = squares.shape[-1]
    parts = []
    for start in range(0, len(squares), BATCH):
        x = torch.from_numpy(np.ascontiguousarray(squares[start : start + BATCH], np.float32))[:, None]
        if size != keypoint_size:
            x = functional.interpolate(x, size=(keypoint_size, keypoint_size), mode="bilinear", antialias=True)
        parts.append(locate(network, x.to(device)))
    points = np.concatenate([part.points for part in parts]) * (size / keypoint_size)
    return Located(points, np.concatenate([part.peaks for part in parts]))


def load_reader(bundle: Path, *, device: str = "cpu") -> FractureReader:
    """Everything of a bundle, on the device and ready.

    Raises
    ------
    WeightsMismatch
        If the weights are not those of the card, do not fit the configuration, or the configuration is malformed.
    """
    card = ModelCard.load(bundle)
    tensors = read_weights(card, bundle)
    where = pick_device(device)
    try:
        options = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
        shown, network, points = (options[name] for name in ("preprocessing", "network", "keypoints"))
        if card.name != NAME or shown["version"] != VERSION:
            raise ValueError(f"made for {card.name}, preprocessing {shown['version']}")
        view = View(variant=shown["variant"], layout=shown["layout"], size=int(shown["size"]))
        net = FractureNet(width=float(network["width"]), layout=view.layout, depth=int(network["depth"]))
        keypoints = KeypointHRNet(len(LEVELS), int(points["width"]))
        calibration = Calibration.from_table(options["calibration"])
        blends = {name: (float(options["blends"][name][0]), float(options["blends"][name][1])) for name in PARTNERS}
        cox = {arm: CoxModel.from_table(options["cox"][arm]) for arm in ARMS}
        constants = {name: tensors[f"ood.{name}"] for name in ood.NAMES}
        keypoint_size = int(points["size"])
    except (KeyError, IndexError, TypeError, ValueError, OSError) as error:
        raise WeightsMismatch(f"configuration of {card.name} does not fit this version: {error}") from error
    fill(net, _part(tensors, "net."), card.name)
    fill(keypoints, _part(tensors, "keypoints."), card.name)
    return FractureReader(
        card=card, view=view, keypoint_size=keypoint_size, keypoints=keypoints.eval().to(where),
        net=net.eval().to(where), blends=blends, calibration=calibration, cox=cox, ood=constants, device=where,
    )  # fmt: skip


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _numbers(values: Tensor) -> Floats:
    return np.asarray(values.float().cpu().numpy(), np.float64)
