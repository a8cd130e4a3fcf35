"""The model, ready: prepared scans in, calibrated risks of each year out, with what they are made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models import ood
from models.calibration_by_year import YearlyCalibration
from models.recalibration import Recalibration, recalibrations
from models.ssc_ild_mortality_ct import preprocess
from models.ssc_ild_mortality_ct.network import MortalityNet
from models.ssc_ild_mortality_ct.preprocess import Prepared, prepare
from models.ssc_ild_mortality_ct.radiomics import Floats, RadiomicsModel, extent, radiomics
from models.weights import fill, pick_device, read_weights
from screening.card import ModelCard
from screening.errors import WeightsMismatch
from screening.images import Volume
from screening.stopwatch import stage

FUSION, RADIOMICS = "fusion", "radiomics"
TOGETHER = 8  # scans that go through a network at a time


class Reading(NamedTuple):
    """What the model says of N scans."""

    logits: Mapping[str, Floats]  #: (N, 5) by part, before calibration: each network, "radiomics", "fusion"
    risks: Mapping[str, Floats]  #: (N, 5) likewise, calibrated risk of death by the end of each year, 0..1
    attention: Floats  #: (N, S) share of each slice, mean over the networks
    distance: Floats  #: (N,) from the training data; 1 is the 99th percentile of validation

    @property
    def risk(self) -> Floats:
        """(N, 5) the model's answer: that of all parts together."""
        return self.risks[FUSION]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Networks, radiomics and calibration that belong together."""

    networks: Mapping[str, MortalityNet] = field(repr=False)  #: by backbone
    radiomics: RadiomicsModel = field(repr=False)
    calibration: Mapping[str, YearlyCalibration] = field(repr=False)  #: by part
    ood: Mapping[str, Tensor] = field(repr=False)  #: constants of the first network's features
    size: int  #: side of the slices, pixels
    slices: int
    recalibration: Mapping[str, Recalibration] = field(default_factory=dict)  #: a site's, by `risk_1` to `risk_5`
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def prepare(self, volume: Volume) -> Prepared:
        """A chest CT as the networks take it; raises as `preprocess.prepare` does."""
        return prepare(volume, slices=self.slices, size=self.size)

    def features(self, scan: Prepared) -> Floats:
        """(1, F) radiomics of a prepared scan, in the order of the model."""
        found = radiomics(scan.hu, scan.lung, scan.spacing)
        return np.array([[found[name] for name in self.radiomics.names]], np.float64)

    @staticmethod
    def extent(scan: Prepared) -> float:
        """Share of diseased lung, 0..1: the baseline."""
        return extent(scan.hu, scan.lung, scan.spacing)

    @torch.no_grad()
    def read(self, images: npt.NDArray[np.uint8], features: Floats) -> Reading:
        """Scans as `Prepared.scaled`, (N, S, size, size), and their radiomics, (N, F) -> Reading.

        Raises
        ------
        ValueError
            If the scans are not of this reader's size.
        """
        wanted = (len(features), self.slices, self.size, self.size)
        if images.shape != wanted:
            raise ValueError(f"images must be {wanted}, got {images.shape}")
        logits: dict[str, Floats] = {}
        attention, pooled = [], []
        for name, net in self.networks.items():
            with stage(f"network.{name}"):
                outputs = [
                    net(torch.from_numpy(images[begin : begin + TOGETHER]).to(self.device).float() / 255)
                    for begin in range(0, len(images), TOGETHER)
                ]
                logits[name] = torch.cat([one.logits for one in outputs]).cpu().numpy().astype(np.float64)
            attention.append(torch.cat([one.weights for one in outputs]).cpu().numpy())
            pooled.append(torch.cat([one.features for one in outputs]).cpu())
        logits[RADIOMICS] = self.radiomics.logits(features)
        logits[FUSION] = fuse(logits)
        distances = [float(ood.distance(self.ood, row)) for row in pooled[0]]
        risks = {name: self.calibration[name](risk_of(one)) for name, one in logits.items()}
        risks[FUSION] = self._recalibrated(risks[FUSION])
        return Reading(
            logits=logits,
            risks=risks,
            attention=np.asarray(np.mean(attention, 0), np.float64),
            distance=np.array(distances, np.float64),
        )

    def _recalibrated(self, risk: Floats) -> Floats:
        """(N, 5) the answer as a site's patients taught it, not falling from year to year."""
        taught = [self.recalibration.get(f"risk_{year}") for year in range(1, risk.shape[1] + 1)]
        columns = [risk[:, k] if one is None else one(risk[:, k]) for k, one in enumerate(taught)]
        return np.asarray(np.maximum.accumulate(np.stack(columns, 1), axis=1), np.float64)


def fuse(logits: Mapping[str, Floats]) -> Floats:
    """(N, 5) mean of the networks' mean and the radiomics' log odds: late fusion."""
    networks = [one for name, one in logits.items() if name not in {RADIOMICS, FUSION}]
    return np.asarray((np.mean(networks, 0) + logits[RADIOMICS]) / 2, np.float64)


def risk_of(logits: Floats) -> Floats:
    """Log odds -> risk."""
    return np.asarray(1 / (1 + np.exp(-logits)), np.float64)


def load_reader(bundle: Path, *, device: str = "cpu") -> Reader:
    """The reader of a bundle folder.

    Raises
    ------
    WeightsMismatch
        If weights, configuration and this code do not belong together.
    """
    card = ModelCard.load(bundle)
    tensors = read_weights(card, bundle)
    where = pick_device(device)
    try:
        held: dict[str, Any] = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
        version = held["preprocessing"]["version"]
        slices, size, _ = card.input_size
        networks = {one["backbone"]: MortalityNet(one["backbone"], width=one["width"]) for one in held["networks"]}
        calibration = {name: YearlyCalibration.from_table(table) for name, table in held["calibration"]["maps"].items()}
        model = RadiomicsModel.from_table(held["radiomics"])
        complete = {*networks, RADIOMICS, FUSION} == set(calibration) and bool(networks)
    except (KeyError, TypeError, ValueError, OSError) as exc:
        raise WeightsMismatch(f"configuration of {card.name} cannot be read: {exc!r}") from exc
    if version != preprocess.VERSION or not complete:
        raise WeightsMismatch(
            f"bundle of {card.name} is for preprocessing {version!r}, this is {preprocess.VERSION!r}"
            if complete else f"bundle of {card.name} lacks the calibration of a part"
        )  # fmt: skip
    for name, net in networks.items():
        fill(net, _under(tensors, name), card.name)
        net.to(where).eval()
    constants = _under(tensors, "ood")
    if set(constants) != set(ood.NAMES):
        raise WeightsMismatch(f"weights of {card.name} lack the constants of the distance")
    return Reader(
        networks=networks, radiomics=model, calibration=calibration, ood=constants, size=size, slices=slices,
        recalibration=recalibrations(held), device=where,
    )  # fmt: skip


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Tensors of one part, without its name."""
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
