"""How the networks of `bone_muscle_ct` learn: fractures of today first, then the hazard of the next one beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.bone_muscle_ct.network import BoneMuscleNet, Output
from models.bone_muscle_ct.preprocess import network_input
from training.cohorts.bone_muscle_data import BoneMuscleCohort, Floats, Indices, unpack
from training.loop import Plan, fit
from training.outcomes import ipcw
from training.request import Progress, silent

DETECTION, AUXILIARY = 0.3, 0.1  # beside the hazard's loss (models.md 3, S4)
FIRST_AUXILIARY = 0.5  # beside the detection's loss in the first stage; assumption
# Auxiliary targets are standardised: mean and SD of trabecular HU, muscle HU and muscle area (cm2)
SCALES = ((135.0, 45.0), (40.0, 12.0), (90.0, 25.0))
SHIFT = 1  # pixels
ERODED = 0.25  # share of pictures whose muscle mask loses its rim, as a segmentation may
Task = Literal["detection", "both", "hazard"]


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated people
    validation: int
    test: int
    external: int
    whole: int  #: external people whose whole CT goes through the segmentation
    size: int  #: pixels along a side of a slice
    pixel: float  #: mm
    width: float  #: of the ResNet-18
    hidden: int  #: of the GRU in each direction
    batch: int
    fates: int  #: of each person in training
    detection: Plan
    hazard: Plan


TIERS = {
    # minutes on two cores: proves that the chain learns
    "tiny": Tier(
        train=500, validation=150, test=300, external=100, whole=3, size=32, pixel=6.0, width=0.25, hidden=32, batch=16,
        fates=8, detection=Plan(epochs=8, peak_rate=3e-3), hazard=Plan(epochs=4, peak_rate=1.5e-3),
    ),
    # about twenty minutes of one core
    "small": Tier(
        train=3000, validation=500, test=1500, external=600, whole=40, size=48, pixel=4.0, width=0.25, hidden=64,
        batch=16, fates=8, detection=Plan(epochs=4, peak_rate=3e-3), hazard=Plan(epochs=2, peak_rate=1.5e-3),
    ),
    # a GPU: the input size and the width of the specification
    "reference": Tier(
        train=40000, validation=4000, test=8000, external=4000, whole=400, size=224, pixel=1.0, width=0.75, hidden=128,
        batch=32, fates=1, detection=Plan(epochs=12, peak_rate=1e-3), hazard=Plan(epochs=8, peak_rate=5e-4),
    ),
}  # fmt: skip


class Batch(NamedTuple):
    """Some people on the CPU."""

    pictures: Tensor  #: (B, S, H, W) uint8
    bone: Tensor  #: (B, S, H, W) bool
    muscle: Tensor
    present: Tensor  #: (B, S) bool
    broken: Tensor  #: (B, 6), NaN where unknown
    fractured: Tensor  #: (B,)
    auxiliary: Tensor  #: (B, 8) standardised, NaN where unknown
    happened: Tensor  #: (B, R, K)
    weight: Tensor  #: (B, R, K)


@dataclass(kw_only=True)
class BoneMuscleTrainee:
    """One stage of one network. task: "detection" first, then "both"; "hazard" leaves detection and auxiliaries out."""

    network: BoneMuscleNet
    cohort: BoneMuscleCohort = field(repr=False)
    validation: BoneMuscleCohort = field(repr=False)
    pixel: float
    batch: int
    bone_only: bool
    task: Task
    year: float = 1.0  #: width of a time bin, years

    def __post_init__(self) -> None:
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last one may be dropped."""
        return max(1, len(self.cohort) // self.batch)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Everyone once, in random order, moved and mirrored; every epoch alike."""
        del epoch
        order = torch.randperm(len(self.cohort), generator=generator).numpy()
        for k in range(self.steps):
            rows = order[k * self.batch : (k + 1) * self.batch]
            yield vary(gather(self.cohort, rows, *self._fates), generator)

    def loss(self, batch: Batch, device: torch.device) -> Tensor:
        """Scalar; see `loss_of`."""
        parts = Batch(*(part.to(device) for part in batch))
        x = network_input(parts.pictures, parts.bone, parts.muscle, pixel=self.pixel, bone_only=self.bone_only)
        present = None if bool(parts.present.all()) else parts.present
        return loss_of(self.network(x, present), parts, task=self.task, bone_only=self.bone_only)

    def validate(self, device: torch.device) -> float:
        """The loss of the stage's main task on the validation people."""
        total, count = 0.0, 0
        happened, weight = self._validation_fates
        task: Task = "hazard" if self.task == "both" else self.task
        for start in range(0, len(self.validation), self.batch):
            rows = np.arange(start, min(start + self.batch, len(self.validation)))
            batch = Batch(*(part.to(device) for part in gather(self.validation, rows, happened, weight)))
            x = network_input(batch.pictures, batch.bone, batch.muscle, pixel=self.pixel, bone_only=self.bone_only)
            value = loss_of(self.network(x, batch.present), batch, task=task, bone_only=self.bone_only)
            total, count = total + float(value) * len(rows), count + len(rows)
        return total / count

    @cached_property
    def _fates(self) -> tuple[Floats, Floats]:
        return fates_of(self.cohort, self.network.bins, self.year)

    @cached_property
    def _validation_fates(self) -> tuple[Floats, Floats]:
        return fates_of(self.validation, self.network.bins, self.year)


def first_stage(
    cohort: BoneMuscleCohort, validation: BoneMuscleCohort, tier: Tier, *, seed: int, bone_only: bool,
    device: str = "cpu", folder: Path | None = None, progress: Progress = silent,
) -> tuple[BoneMuscleNet, tuple[float, ...]]:  # fmt: skip
    """A new network that has learned to see fractures, HU and area; and the mean loss of each epoch."""
    torch.manual_seed(seed)
    network = BoneMuscleNet(width=tier.width, hidden=tier.hidden)
    trainee = BoneMuscleTrainee(
        network=network, cohort=cohort, validation=validation, pixel=tier.pixel, batch=tier.batch, bone_only=bone_only,
        task="detection",
    )  # fmt: skip
    history = fit(
        trainee, tier.detection, seed=seed, device=device, folder=folder, stage=_stage(bone_only, "detection"),
        identity=repr(tier), progress=progress,
    )  # fmt: skip
    return network, history.losses


def train(
    cohort: BoneMuscleCohort, validation: BoneMuscleCohort, tier: Tier, *, seed: int, bone_only: bool,
    device: str = "cpu", folder: Path | None = None, progress: Progress = silent,
) -> tuple[BoneMuscleNet, tuple[float, ...]]:  # fmt: skip
    """Both stages of one network; it comes back on the CPU in evaluation mode, with the mean loss of each epoch.

    folder: gets checkpoints and logs, so that an interrupted training goes on.
    """
    network, losses = first_stage(
        cohort, validation, tier, seed=seed, bone_only=bone_only, device=device, folder=folder, progress=progress
    )
    trainee = BoneMuscleTrainee(
        network=network, cohort=cohort, validation=validation, pixel=tier.pixel, batch=tier.batch, bone_only=bone_only,
        task="both",
    )  # fmt: skip
    history = fit(
        trainee, tier.hazard, seed=seed, device=device, folder=folder, stage=_stage(bone_only, "both"),
        identity=repr(tier), progress=progress,
    )  # fmt: skip
    return network, losses + history.losses


def _stage(bone_only: bool, task: Task) -> str:
    return f"{'bone' if bone_only else 'bone_and_muscle'}-{task}"


def fates_of(cohort: BoneMuscleCohort, bins: int, year: float) -> tuple[Floats, Floats]:
    """(N, R, K) what happened and its weight, censoring weighted within each of the R sets of fates."""
    pairs = [
        ipcw.by_each_bin(cohort.time[:, r], cohort.event[:, r], bins, width=year) for r in range(cohort.time.shape[1])
    ]
    happened, weight = (np.stack(parts, 1) for parts in zip(*pairs, strict=True))
    return happened, weight


def gather(cohort: BoneMuscleCohort, rows: Indices, happened: Floats, weight: Floats) -> Batch:
    """The batch of these rows."""
    masks = torch.from_numpy(unpack(cohort.masks[rows], cohort.pictures.shape[-1]))
    scale = np.array([SCALES[0]] * cohort.trabecular.shape[1] + list(SCALES[1:]), np.float32)
    auxiliary = (np.concatenate([cohort.trabecular[rows], cohort.muscle[rows]], 1) - scale[:, 0]) / scale[:, 1]
    return Batch(
        pictures=torch.from_numpy(cohort.pictures[rows]), bone=masks[:, 0], muscle=masks[:, 1],
        present=torch.from_numpy(cohort.present[rows]), broken=torch.from_numpy(cohort.broken[rows]),
        fractured=torch.from_numpy(cohort.fractured[rows]), auxiliary=torch.from_numpy(auxiliary),
        happened=torch.from_numpy(happened[rows]), weight=torch.from_numpy(weight[rows]),
    )  # fmt: skip


def vary(batch: Batch, generator: torch.Generator) -> Batch:
    """Half of the people mirrored, each moved by up to a pixel, some with a thinner muscle mask."""
    planes = [batch.pictures, batch.bone, batch.muscle]
    count = len(batch.pictures)
    moves = torch.randint(-SHIFT, SHIFT + 1, (count, 2), generator=generator).tolist()
    mirrored = (torch.rand(count, generator=generator) < 0.5).tolist()
    thinner = (torch.rand(count, generator=generator) < ERODED).tolist()
    out = [plane.clone() for plane in planes]
    for k in range(count):
        for plane, source in zip(out, planes, strict=True):
            moved = source[k].roll((moves[k][0], moves[k][1]), (-2, -1))
            plane[k] = moved.flip(-1) if mirrored[k] else moved
        if thinner[k]:
            out[2][k] = ~(functional.max_pool2d((~out[2][k]).float(), 3, stride=1, padding=1) > 0.5)
    return batch._replace(pictures=out[0], bone=out[1], muscle=out[2])


def loss_of(output: Output, batch: Batch, *, task: Task, bone_only: bool) -> Tensor:
    """Hazard, detection and auxiliaries, as much of them as the task asks for. Unknown labels do not count."""
    detected = known_mean(output.fracture, batch.fractured) + known_mean(output.levels, batch.broken)
    aims = batch.auxiliary[:, :-2] if bone_only else batch.auxiliary  # muscle is not to be seen there
    told = ~torch.isnan(aims)
    gap = (output.auxiliary[:, : aims.shape[1]] - aims.nan_to_num()).abs() * told
    auxiliary = gap.sum() / told.sum().clamp(min=1)
    if task == "detection":
        return detected + FIRST_AUXILIARY * auxiliary
    logits = output.hazard[:, None].expand_as(batch.happened)
    each = functional.binary_cross_entropy_with_logits(logits, batch.happened, reduction="none")
    hazard = (each * batch.weight).mean()
    return hazard if task == "hazard" else hazard + DETECTION * detected + AUXILIARY * auxiliary


def known_mean(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy, mean over the labels that are no NaN; 0 where there is none."""
    known = ~torch.isnan(labels)
    each = functional.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


class Predicted(NamedTuple):
    """What a network says of a cohort; logits before calibration."""

    hazard: npt.NDArray[np.float64]  #: (N, K)
    fracture: npt.NDArray[np.float64]  #: (N,)
    levels: npt.NDArray[np.float64]  #: (N, 6)
    features: npt.NDArray[np.float64]  #: (N, F)


@torch.no_grad()
def predict(
    network: BoneMuscleNet, cohort: BoneMuscleCohort, *, pixel: float, bone_only: bool, device: str = "cpu",
    batch: int = 32,
) -> Predicted:  # fmt: skip
    """Every person of a cohort through a network in evaluation mode."""
    network.eval().to(device)
    parts = []
    empty = np.zeros((len(cohort), 0, 0), np.float32)
    for start in range(0, len(cohort), batch):
        rows = np.arange(start, min(start + batch, len(cohort)))
        some = gather(cohort, rows, empty, empty)
        x = network_input(
            some.pictures.to(device), some.bone.to(device), some.muscle.to(device), pixel=pixel, bone_only=bone_only
        )
        found = network(x, some.present.to(device))
        parts.append([t.cpu().double().numpy() for t in (found.hazard, found.fracture, found.levels, found.features)])
    return Predicted(*(np.concatenate(column) for column in zip(*parts, strict=True)))
