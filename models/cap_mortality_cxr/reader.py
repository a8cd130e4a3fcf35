"""The network with its calibration, for many prepared pictures at once: what `opportune evaluate` judges."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.combined import Combination
from models.cap_mortality_cxr.network import MortalityNet
from models.frontal_gate import FrontalNet
from models.recalibration import Recalibration, recalibrations
from models.weights import fill, pick_device, read_weights
from screening.card import ModelCard
from screening.errors import WeightsMismatch

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A bundle, ready to read prepared pictures."""

    card: ModelCard
    network: MortalityNet
    gate: FrontalNet
    gate_threshold: float
    intercept: float  #: of Platt's scaling
    slope: float
    recalibrations: Mapping[str, Recalibration]
    combination: Combination | None
    device: torch.device

    @property
    def size(self) -> int:
        """Pixels along a side of a prepared picture."""
        return self.card.input_size[0]

    @torch.inference_mode()
    def probabilities(self, squares: npt.NDArray[np.float32]) -> Floats:
        """(N,) probabilities by the bundle's own calibration of (N, size, size) prepared pictures in 0..1."""
        x = torch.from_numpy(np.ascontiguousarray((squares - preprocess.MEAN) / preprocess.SD, np.float32))[:, None]
        logit = self.network(x.to(self.device)).logit.cpu().numpy().astype(np.float64)
        return np.asarray(1 / (1 + np.exp(-(self.intercept + self.slope * logit))), np.float64)

    def recalibrated(self, name: str, probability: Floats) -> Floats:
        """What the node gives out as `name` ("risk", "combined")."""
        found = self.recalibrations.get(name)
        return probability if found is None else found(probability)

    @torch.inference_mode()
    def frontal(self, squares: npt.NDArray[np.float32]) -> Floats:
        """(N,) log odds of an upright frontal chest of (N, 64, 64) squares in 0..1."""
        score = self.gate(torch.from_numpy(np.ascontiguousarray(squares))[:, None])
        return np.asarray(score.numpy(), np.float64)


def load_reader(bundle: Path, *, device: str = "cpu") -> Reader:
    """Build the reader of a bundle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    card = ModelCard.load(bundle)
    tensors = read_weights(card, bundle)
    network, gate = MortalityNet(), FrontalNet()
    for part, net in (("net.", network), ("gate.", gate)):
        fill(net, {n.removeprefix(part): t for n, t in tensors.items() if n.startswith(part)}, card.name)
    try:
        values: dict[str, Any] = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
        if values["preprocessing"]["version"] != preprocess.VERSION:
            raise WeightsMismatch(
                f"weights of {card.name} were trained with preprocessing {values['preprocessing']['version']!r},"
                f" this program has {preprocess.VERSION!r}"
            )
        platt = values["calibration"]["platt"]
        return Reader(
            card=card, network=network.to(pick_device(device)).eval(), gate=gate.eval(),
            gate_threshold=float(values["gate"]["threshold"]), intercept=float(platt["intercept"]),
            slope=float(platt["slope"]), recalibrations=recalibrations(values),
            combination=Combination.read(values),
            device=pick_device(device),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as exc:
        raise WeightsMismatch(f"configuration of {card.name} lacks {exc}") from exc
