"""Training what follows the encoder of `bone_muscle_ct`, on slices that were encoded once: seconds, not minutes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.bone_muscle_ct.network import BoneMuscleNet
from models.bone_muscle_ct.preprocess import network_input
from training.cohorts.bone_muscle_data import BoneMuscleCohort, Floats
from training.fitting.bone_muscle_ct import Batch, Task, fates_of, gather, loss_of


@torch.no_grad()
def encode_slices(
    network: BoneMuscleNet, cohort: BoneMuscleCohort, *, pixel: float, bone_only: bool, batch: int = 32
) -> Floats:
    """(N, S, F) features of every slice, by the encoder in evaluation mode."""
    network.eval()
    empty = np.zeros((len(cohort), 0, 0), np.float32)
    parts = []
    for start in range(0, len(cohort), batch):
        some = gather(cohort, np.arange(start, min(start + batch, len(cohort))), empty, empty)
        x = network_input(some.pictures, some.bone, some.muscle, pixel=pixel, bone_only=bone_only)
        parts.append(network.encoder(x).numpy())
    return np.concatenate(parts)


@dataclass(kw_only=True)
class HeadsTrainee:
    """Recurrent network, attention and heads; the encoder stays as it is."""

    network: BoneMuscleNet
    slices: Floats = field(repr=False)  #: (N, S, F) of the cohort
    cohort: BoneMuscleCohort = field(repr=False)
    batch: int
    bone_only: bool
    task: Task = "both"

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return max(1, len(self.cohort) // self.batch)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Batch]]:
        """Everyone once, in random order; every epoch alike."""
        del epoch
        order = torch.randperm(len(self.cohort), generator=generator).numpy()
        for k in range(self.steps):
            rows = order[k * self.batch : (k + 1) * self.batch]
            yield torch.from_numpy(self.slices[rows]), gather(self.cohort, rows, *self._fates)

    def loss(self, batch: tuple[Tensor, Batch], device: torch.device) -> Tensor:
        """Scalar; see `bone_muscle_ct.loss_of`."""
        slices, labels = batch
        told = Batch(*(part.to(device) for part in labels))
        return loss_of(self.network.heads(slices.to(device)), told, task=self.task, bone_only=self.bone_only)

    def validate(self, device: torch.device) -> float:
        """Nothing is held back: the last epoch counts, so that all arms of an experiment get equal epochs."""
        del device
        return float("nan")

    @cached_property
    def _fates(self) -> tuple[Floats, Floats]:
        return fates_of(self.cohort, self.network.bins, 1.0)


@torch.no_grad()
def hazards_of(network: BoneMuscleNet, slices: Floats, *, batch: int = 256) -> npt.NDArray[np.float64]:
    """(N, K) logits of encoded slices (N, S, F)."""
    network.eval()
    parts = [
        network.heads(torch.from_numpy(slices[k : k + batch])).hazard.double().numpy()
        for k in range(0, len(slices), batch)
    ]
    return np.concatenate(parts)
