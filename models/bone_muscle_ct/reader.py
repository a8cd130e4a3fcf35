"""The shipped model in use: a bundle's networks and constants, and the figures they give for prepared slices."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models import ood
from models.bone_muscle_ct.calibration import Calibration
from models.bone_muscle_ct.labelling import Segmentation, segment
from models.bone_muscle_ct.network import BoneMuscleNet, Output
from models.bone_muscle_ct.prepare import Prepared, prepare
from models.bone_muscle_ct.preprocess import VERSION, Stack, network_input
from models.bone_muscle_ct.segmentation import HU, SegmentationNet, Triple
from models.weights import fill, pick_device, read_weights
from screening.card import ModelCard
from screening.errors import WeightsMismatch
from screening.images import Volume
from screening.stopwatch import stage

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Figures of N people; probabilities are calibrated."""

    risks: Floats = field(repr=False)  #: (N, 5) of a fracture by the end of each year, from bone and muscle
    bone_risks: Floats = field(repr=False)  #: (N, 5) the same from bone alone
    fracture: Floats = field(repr=False)  #: (N,) that a level of T12-L5 is fractured now
    levels: Floats = field(repr=False)  #: (N, 6) the same by level; NaN where the level is not there
    attention: Floats = field(repr=False)  #: (N, S) share of each slice in the risk
    distance: Floats = field(repr=False)  #: (N,) from the training data; beyond 1: farther than 99 % of validation


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A loaded bundle."""

    card: ModelCard
    both: BoneMuscleNet = field(repr=False)
    bone: BoneMuscleNet = field(repr=False)
    segmentation: SegmentationNet = field(repr=False)
    calibration: Calibration
    constants: Mapping[str, Tensor] = field(repr=False)
    size: int  #: pixels along a side of a slice
    pixel: float  #: mm
    device: torch.device

    def prepare(self, volume: Volume) -> Prepared:
        """See `prepare.prepare`, which says what it raises."""
        return prepare(volume, self.segmentation, size=self.size, pixel=self.pixel, device=str(self.device))

    def segment(self, hu: HU, spacing: Triple) -> Segmentation:
        """Vertebrae and muscles of an upright volume, see `labelling.segment`."""
        return segment(self.segmentation, hu, spacing, device=str(self.device))

    @torch.no_grad()
    def read(self, stacks: Sequence[Stack]) -> Readings:
        """What the networks say of one or more stacks of this bundle's size.

        Raises
        ------
        ValueError
            If there is no stack, or one has another size.
        """
        if not stacks or any(stack.pictures.shape[1:] != (self.size, self.size) for stack in stacks):
            raise ValueError(f"need stacks of {self.size} x {self.size} pixels")
        pictures, bone, muscle, present = (
            torch.from_numpy(np.stack([getattr(stack, name) for stack in stacks])).to(self.device)
            for name in ("pictures", "bone", "muscle", "present")
        )
        found: dict[bool, Output] = {}
        for bone_only, network in ((False, self.both), (True, self.bone)):
            x = network_input(pictures, bone, muscle, pixel=self.pixel, bone_only=bone_only)
            with stage("network.bone" if bone_only else "network.bone_and_muscle"):
                found[bone_only] = network(x, present)
        both = found[False]
        told = network_levels(present, self.both)
        levels = np.where(told, self.calibration.level(_numbers(both.levels)), np.nan)
        far = [float(ood.distance(self.constants, row)) for row in both.features.float().cpu()]
        return Readings(
            risks=self.calibration.both(_numbers(both.hazard)), bone_risks=self.calibration.bone(
                _numbers(found[True].hazard)
            ),
            fracture=self.calibration.fracture(_numbers(both.fracture)), levels=levels,
            attention=_numbers(both.attention), distance=np.array(far),
        )  # fmt: skip


def network_levels(present: Tensor, network: BoneMuscleNet) -> npt.NDArray[np.bool_]:
    """(N, 6) which levels have a slice that is there."""
    return ((network.share[None] * present[:, None].float()).sum(2) > 0).cpu().numpy()


def load_reader(bundle: Path, *, device: str = "cpu") -> Reader:
    """Read a bundle.

    Raises
    ------
    WeightsMismatch
        If the weights are not the card's, do not fit the networks, or the configuration is not this model's.
    """
    card = ModelCard.load(bundle)
    tensors = read_weights(card, bundle)
    try:
        told = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
        shape, prepared = told["network"], told["preprocessing"]
        calibration = Calibration.of(told["calibration"])
        size, pixel = int(prepared["size"]), float(prepared["pixel"])
        both, bone = (BoneMuscleNet(width=float(shape["width"]), hidden=int(shape["hidden"])) for _ in range(2))
        segmentation = SegmentationNet(tuple(int(w) for w in shape["segmentation"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise WeightsMismatch(f"the configuration of {card.name} cannot be read: {error}") from error
    if prepared["version"] != VERSION:
        raise WeightsMismatch(f"{card.name} was trained with preprocessing {prepared['version']}, this is {VERSION}")
    where = pick_device(device)
    nets: dict[str, nn.Module] = {"both": both, "bone": bone, "segmentation": segmentation}
    for name, net in nets.items():
        fill(net, _part(tensors, f"{name}."), f"{card.name} {name}")
        net.eval().to(where)
    return Reader(
        card=card, both=both, bone=bone, segmentation=segmentation, calibration=calibration,
        constants=_part(tensors, "ood."), size=size, pixel=pixel, device=where,
    )  # fmt: skip


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _numbers(values: Tensor) -> Floats:
    return values.detach().cpu().double().numpy()
