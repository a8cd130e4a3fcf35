"""How the weights of `cap_mortality_cxr` are made from simulated patients."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.cap_mortality_cxr.network import AUXILIARY, MortalityNet, Output
from models.cap_mortality_cxr.preprocess import MEAN, SD
from models.densenet import FEATURES
from training import loop
from training.augment import augment
from training.cohorts.chest import ChestCohort
from training.loop import History, Plan
from training.precision import mixed
from training.request import Progress, silent

Indices = npt.NDArray[np.int64]

AUXILIARY_WEIGHT = 3.0  # of the mean squared error of zones, effusion and age beside the cross-entropy; assumption
WEIGHT_DECAY = 0.02
PEAK_RATE = 1.2e-3
EPOCHS = 10  # parts of a training after which it is validated and kept
VALIDATED = 300  # patients after each epoch at most


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated patients
    validation: int
    test: int
    external: int
    size: int  #: input size of the network, pixels
    stored: int  #: size at which the phantoms are kept, pixels
    stages: tuple[tuple[int, int], ...]  #: (size in pixels, pictures seen): small pictures first, they are cheaper
    batch: int


TIERS = {
    # minutes on two cores: proves that the chain learns
    "tiny": Tier(
        train=1000,
        validation=300,
        test=500,
        external=200,
        size=96,
        stored=96,
        stages=((64, 6000), (96, 1000)),
        batch=24,
    ),
    # an hour of one core, half of it for drawing
    "small": Tier(
        train=8000,
        validation=1000,
        test=3000,
        external=1500,
        size=128,
        stored=160,
        stages=((96, 30000), (128, 12000)),
        batch=24,
    ),
    # a GPU: the input size of the specification
    "reference": Tier(
        train=40000,
        validation=4000,
        test=8000,
        external=4000,
        size=512,
        stored=512,
        stages=((256, 240000), (512, 160000)),
        batch=48,
    ),
}


class Teacher(nn.Module):
    """The network and the auxiliary head that is thrown away after training."""

    def __init__(self) -> None:
        super().__init__()
        self.net = MortalityNet()
        self.auxiliary = nn.Linear(FEATURES, AUXILIARY)

    def forward(self, x: Tensor) -> tuple[Output, Tensor]:
        """(N, 1, H, W) -> the network's output and (N, 9) auxiliary values."""
        output = self.net(x)
        return output, self.auxiliary(output.features)


def loss_of(output: tuple[Output, Tensor], risk: Tensor, auxiliary: Tensor) -> Tensor:
    """Cross-entropy plus squared error of the auxiliaries that are known (not NaN).

    Simulated patients teach their risk, a soft label (the mean of infinitely many fates); a site's teach their fate.
    """
    found, extra = output
    main = functional.binary_cross_entropy_with_logits(found.logit, risk)
    known = torch.isfinite(auxiliary)
    if not known.any():
        return main
    return main + AUXILIARY_WEIGHT * functional.mse_loss(extra[known], auxiliary[known])


class CapTrainee:
    """The network learning the risk; see `training.loop.Trainee`. An epoch is a tenth of the tier's steps."""

    def __init__(self, train: ChestCohort, validation: ChestCohort, tier: Tier, *, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = Teacher().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._train, self._tier, self._seed = train, tier, seed
        self._validation = head(validation, VALIDATED)
        self._sizes = [size for size, pictures in tier.stages for _ in range(max(1, pictures // tier.batch))]

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last epoch may go on a little at the last stage's size."""
        return math.ceil(len(self._sizes) / EPOCHS)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Standardised pictures (N, 1, size, size), risk (N,) and auxiliaries (N, 9)."""
        first = epoch * self.steps
        order = indices(len(self._train), self._tier.batch, torch.Generator().manual_seed(self._seed))
        for number, chosen in enumerate(islice(order, first, first + self.steps), first):
            size = self._sizes[min(number, len(self._sizes) - 1)]
            images = augment(as_images(self._train, chosen, size), generator)
            labels = self._train.risk[chosen], self._train.auxiliary[chosen]
            yield (images - MEAN) / SD, torch.from_numpy(labels[0]), torch.from_numpy(labels[1])

    def loss(self, batch: tuple[Tensor, Tensor, Tensor], device: torch.device) -> Tensor:
        """See `loss_of`."""
        images, risk, auxiliary = batch
        x = images.to(device, memory_format=torch.channels_last)
        with mixed(device):
            found, extra = self.network(x)
        found = found._replace(logit=found.logit.float())
        return loss_of((found, extra.float()), risk.to(device), auxiliary.to(device))

    def validate(self, device: torch.device) -> float:
        """Cross-entropy at the size of use."""
        logits, _ = score(self.network.net, self._validation, size=self._tier.size, device=device)
        risk = torch.from_numpy(self._validation.risk)
        return float(functional.binary_cross_entropy_with_logits(logits, risk))


def fit(
    train: ChestCohort,
    validation: ChestCohort,
    tier: Tier,
    *,
    seed: int,
    device: str = "cpu",
    folder: Path | None = None,
    identity: str = "",
    progress: Progress = silent,
) -> tuple[MortalityNet, History]:
    """Train, and return the network of the best epoch and how it went. See `training.loop.fit`."""
    trainee = CapTrainee(train, validation, tier, seed=seed)
    plan = Plan(epochs=EPOCHS, peak_rate=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    history = loop.fit(
        trainee, plan, seed=seed, device=device, folder=folder, identity=f"{tier} {identity}", progress=progress
    )
    return trainee.network.net, history


def indices(count: int, batch: int, generator: torch.Generator) -> Iterator[Indices]:
    """Without end: batches of rows, each row once before any comes again."""
    waiting: list[int] = []
    while True:
        while len(waiting) < batch:
            waiting += torch.randperm(count, generator=generator).tolist()
        yield np.asarray(waiting[:batch], np.int64)
        waiting = waiting[batch:]


def as_images(cohort: ChestCohort, chosen: Indices, size: int) -> Tensor:
    """(N, 1, size, size) in 0..1."""
    images = torch.from_numpy(cohort.images[chosen])[:, None].float() / 255
    if images.shape[-1] == size:
        return images
    return functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True)


def head(cohort: ChestCohort, count: int) -> ChestCohort:
    """The first patients of a cohort."""
    return cohort.take(np.arange(min(count, len(cohort))))


@torch.no_grad()
def score(
    net: MortalityNet, cohort: ChestCohort, *, size: int, batch: int = 32, device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """Logits (N,) and pooled features (N, 1024) of a cohort, on the CPU."""
    logits, features = [], []
    for start in range(0, len(cohort), batch):
        chosen = np.arange(start, min(start + batch, len(cohort)))
        output = net(((as_images(cohort, chosen, size) - MEAN) / SD).to(device))
        logits.append(output.logit.cpu())
        features.append(output.features.cpu())
    return torch.cat(logits), torch.cat(features)
