"""The network, its intervals and its constants, read from a bundle and ready to tell ages."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models import cam, ood
from models.ages import expectation
from models.conformal import Intervals
from models.framing import Array
from models.pediatric_age_cxr import preprocess
from models.pediatric_age_cxr.network import AgeNet, Architecture, Output, age_direction
from models.pediatric_age_cxr.preprocess import Prepared, Sex, scalars, to_tensor
from models.weights import fill, pick_device, read_weights
from screening.card import ModelCard
from screening.errors import WeightsMismatch
from screening.stopwatch import stage

Floats = npt.NDArray[np.float64]

GROUP_EDGES = (12.0, 36.0, 72.0, 120.0, 168.0)  # months: 0-1, 1-3, 3-6, 6-10, 10-14, 14-18 years
GROUPS = ("0-1", "1-3", "3-6", "6-10", "10-14", "14-18")  # years
SMALLEST, LARGEST = 32, 1024  # pixels along a side: the network halves five times; above, memory; assumption
MONTHS = (0.0, 228.0)  # between which every answer lies


@dataclass(frozen=True, kw_only=True)
class Ages:
    """What N pictures say. Months."""

    months: Floats  #: (N,)
    lower: Floats  #: (N,) ends of the 80 % conformal interval
    upper: Floats  #: (N,)
    distance: Floats  #: (N,) from the training pictures; 1 is the 99th percentile of validation


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Mean and SD of predicted minus true age (months) on validation, by group of the true age."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(GROUPS) or len(self.sd) != len(GROUPS):
            raise ValueError(f"mean and sd must have {len(GROUPS)} values")
        if not all(map(math.isfinite, self.mean)) or not all(math.isfinite(sd) and sd > 0 for sd in self.sd):
            raise ValueError("means must be finite and SDs positive")


def group_of(months: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """(N,) ages -> (N,) places in GROUPS."""
    return np.searchsorted(GROUP_EDGES, np.asarray(months, np.float64), side="right").astype(np.int64)


class Reader:
    """Tells ages from prepared pictures. Deterministic on the CPU; no I/O."""

    def __init__(
        self,
        card: ModelCard,
        network: AgeNet,
        *,
        scaled: Intervals,
        filled: Intervals,
        spread: Spread,
        ood_constants: Mapping[str, Tensor],
        device: torch.device,
    ) -> None:
        self.card = card
        self.network = network.to(device).eval()
        self.scaled, self.filled = scaled, filled
        self.spread = spread
        self.ood = ood_constants
        self._device = device

    @property
    def size(self) -> int:
        """Side of the square that `preprocess.prepare` must make, pixels."""
        return self.card.input_size[0]

    def read(self, pictures: Sequence[Prepared], sexes: Sequence[Sex | None]) -> Ages:
        """Ages of N pictures; sexes: "M", "F" or None each.

        Raises
        ------
        ValueError
            If there are not as many sexes as pictures, none at all, or one has another size.
        """
        if not pictures or any(picture.square.shape != (self.size, self.size) for picture in pictures):
            raise ValueError(f"pictures must be one or more squares of {self.size} pixels")
        told = scalars(sexes, [p.known for p in pictures], [p.scale for p in pictures])
        return self.of(to_tensor([p.square for p in pictures]), told)

    def of(self, x: Tensor, told: Tensor) -> Ages:
        """Ages from standardised pictures (N, 1, size, size) and scalars (N, 4)."""
        output = self._pass(x, told)
        months = expectation(output.logits.float()).double().cpu().numpy()
        known = told[:, 2].numpy() > 0
        ends = [intervals.around(months) for intervals in (self.filled, self.scaled)]
        low, high = (np.where(known, ends[1][end], ends[0][end]) for end in (0, 1))
        far = [float(ood.distance(self.ood, row)) for row in output.features.float().cpu().clone()]
        return Ages(months=months, lower=low, upper=high, distance=np.asarray(far))

    def contributions(self, pictures: Sequence[Prepared], sexes: Sequence[Sex | None]) -> list[Array]:
        """What speaks for an older child (positive) or a younger one: float32 (size / 32, size / 32) months each.

        The mean of a map is the sum over features of feature times slope; only its differences from place to place
        mean anything.
        """
        told = scalars(sexes, [p.known for p in pictures], [p.scale for p in pictures])
        output = self._pass(to_tensor([p.square for p in pictures]), told)
        with torch.inference_mode():
            slopes = age_direction(output, self.network.head)
            maps = [cam.class_activation(m.float(), w) for m, w in zip(output.map, slopes, strict=True)]
        return [np.asarray(m.cpu().numpy(), np.float32) for m in maps]

    def z(self, predicted: npt.ArrayLike, chronological: npt.ArrayLike) -> Floats:
        """(N,) predicted and true ages (months) -> how many SD the difference is from what is usual at that age."""
        group = group_of(chronological)
        delta = np.asarray(predicted, np.float64) - np.asarray(chronological, np.float64)
        return np.asarray((delta - np.asarray(self.spread.mean)[group]) / np.asarray(self.spread.sd)[group])

    def _pass(self, x: Tensor, told: Tensor) -> Output:
        with torch.inference_mode(), stage("network.age"):
            output: Output = self.network(x.to(self._device), told.to(self._device))
        return output


def load_reader(bundle: Path, *, device: str = "cpu") -> Reader:
    """Build the reader from a bundle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    card = ModelCard.load(bundle)
    if len(card.input_size) != 2 or len(set(card.input_size)) != 1 or not SMALLEST <= card.input_size[0] <= LARGEST:
        raise WeightsMismatch(
            f"input_size of {card.name} must be two equal numbers of {SMALLEST} to {LARGEST} pixels,"
            f" got {list(card.input_size)}"
        )
    tensors = read_weights(card, bundle)
    try:
        values: dict[str, Any] = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
        if values["preprocessing"]["version"] != preprocess.VERSION:
            raise WeightsMismatch(
                f"weights of {card.name} were trained with preprocessing {values['preprocessing']['version']!r},"
                f" this program has {preprocess.VERSION!r}"
            )
        network = AgeNet(Architecture(**values["network"]))
        fill(network, _part(tensors, "net."), card.name)
        calibration = values["calibration"]
        return Reader(
            card, network,
            scaled=Intervals.from_json(calibration["interval"]["scaled"]),
            filled=Intervals.from_json(calibration["interval"]["filled"]),
            spread=Spread(mean=tuple(calibration["spread"]["mean"]), sd=tuple(calibration["spread"]["sd"])),
            ood_constants={name: tensors[f"ood.{name}"] for name in ood.NAMES},
            device=pick_device(device),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as exc:
        raise WeightsMismatch(f"configuration of {card.name} lacks {exc}") from exc


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
