"""A trained age network learns on from a handful of radiographs: the last stage and the head only."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from models.ages import age_loss
from models.pediatric_age_cxr.network import AgeNet, Output
from models.pediatric_age_cxr.preprocess import MEAN, SD, scalars
from training.cohorts.pediatric_age_cxr import AgeCohort
from training.fitting.age_augment import augment
from training.fitting.pediatric_age_cxr import Batch, resized
from training.loop import Plan, fit


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How much is learned on. Chosen before any result was seen, and not changed after."""

    epochs: int = 30
    peak_rate: float = 3e-4
    batch: int = 8


class LastStage(nn.Module):
    """A copy of the network of which only the last stage, the conditioning and the head learn.

    Batch normalisation keeps what it has seen: a handful of pictures have no statistics worth having.
    """

    def __init__(self, net: AgeNet) -> None:
        super().__init__()
        self.net = deepcopy(net)
        for parameter in self.net.trunk.parameters():
            parameter.requires_grad_(False)
        for parameter in self.net.trunk.get_submodule("layer4").parameters():
            parameter.requires_grad_(True)

    def train(self, mode: bool = True) -> Self:
        """As of any module; normalisation stays as it is."""
        super().train(mode)
        self.net.trunk.eval()
        return self

    def forward(self, x: Tensor, told: Tensor) -> Output:
        """(N, 1, H, W), (N, 4) -> Output."""
        output: Output = self.net(x, told)
        return output


class TuningTrainee:
    """See `training.loop.Trainee`. Nothing is held back to choose an epoch by: there is too little of it."""

    def __init__(self, net: AgeNet, cohort: AgeCohort, tuning: Tuning) -> None:
        self.network = LastStage(net)
        self._cohort, self._tuning = cohort, tuning

    @property
    def steps(self) -> int:
        """Batches of an epoch; children who do not fill one are left out of it."""
        return max(1, len(self._cohort) // self._tuning.batch)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """An epoch's batches, augmented."""
        del epoch
        order = torch.randperm(len(self._cohort), generator=generator).numpy()
        scale = self._cohort.scale
        for step in range(self.steps):
            chosen = order[step * self._tuning.batch :][: self._tuning.batch]
            part = self._cohort.take(chosen)
            told = scalars(part.sexes, part.known.tolist(), scale[chosen].tolist())
            images = augment(resized(part.scaled, part.size), generator, zoom=torch.from_numpy(~part.known))
            yield Batch(images, told, torch.from_numpy(part.months), torch.from_numpy(part.truths))

    def loss(self, batch: Batch, device: torch.device) -> Tensor:
        """Of the age alone."""
        output: Output = self.network(((batch.images - MEAN) / SD).to(device), batch.scalars.to(device))
        return age_loss(output.logits, batch.label.to(device))

    def validate(self, device: torch.device) -> float:
        """Not known."""
        del device
        return float(np.nan)


def tuned(net: AgeNet, cohort: AgeCohort, tuning: Tuning, *, seed: int, device: str = "cpu") -> AgeNet:
    """A network that has learned on from a cohort; `net` itself stays as it is."""
    trainee = TuningTrainee(net, cohort, tuning)
    fit(trainee, Plan(epochs=tuning.epochs, peak_rate=tuning.peak_rate), seed=seed, device=device)
    return trainee.network.net.eval()
