"""How the weights of `pediatric_age_cxr` are made from children whose ages are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.ages import age_loss, expectation
from models.pediatric_age_cxr.network import LARGE, REFERENCE, SMALL, AgeNet, Architecture
from models.pediatric_age_cxr.preprocess import MEAN, SCALARS, SD, scalars
from training.cohorts.pediatric_age_cxr import TRUTHS, AgeCohort
from training.fitting.age_augment import augment
from training.loop import Plan
from training.precision import mixed

Indices = npt.NDArray[np.int64]

FORGET_SIZE = 0.3  # share of pictures shown as if the size of a pixel were not known; assumption
FORGET_SEX = 0.2  # share of children whose sex is not told; assumption
VALIDATED = 250  # children after each epoch at most
AUXILIARY_WEIGHT = 10.0  # of the squared error of what is visible (about 1 each) beside an error in months; assumption


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated children
    validation: int
    test: int
    external: int
    architecture: Architecture
    size: int  #: side of the network's square, pixels, in training as in use: what it learns is the length of things
    stored: int  #: side at which pictures are kept, pixels
    epochs: int
    batch: int
    peak_rate: float

    @property
    def plan(self) -> Plan:
        """For the training loop."""
        return Plan(epochs=self.epochs, peak_rate=self.peak_rate)


TIERS = {
    # minutes on two cores: proves that the chain learns
    "tiny": Tier(
        train=500, validation=100, test=200, external=60, architecture=Architecture(depth=18, width=0.25), size=64,
        stored=64, epochs=10, batch=20, peak_rate=3e-3,
    ),
    # about 45 minutes of one core, half of it for drawing
    "small": Tier(
        train=4000, validation=600, test=400, external=400, architecture=SMALL, size=128,
        stored=160, epochs=16, batch=24, peak_rate=2e-3,
    ),
    # a GPU: the input size of the specification
    "reference": Tier(
        train=40000, validation=4000, test=8000, external=8000, architecture=REFERENCE, size=512,
        stored=512, epochs=16, batch=48, peak_rate=2e-3,
    ),
    # a GPU with 80 GB: for sites that have tens of thousands of radiographs
    "large": Tier(
        train=100000, validation=4000, test=8000, external=8000, architecture=LARGE, size=512,
        stored=512, epochs=16, batch=48, peak_rate=1e-3,
    ),
}  # fmt: skip


class Batch(NamedTuple):
    """What one step learns from."""

    images: Tensor  #: (N, 1, size, size) in 0..1
    scalars: Tensor  #: (N, 4)
    label: Tensor  #: (N,) months
    truths: Tensor  #: (N, 9), NaN where not known


class Teacher(nn.Module):
    """The network and the auxiliary head that is thrown away after training."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.net = AgeNet(architecture)
        self.auxiliary = nn.Linear(self.net.features + SCALARS, len(TRUTHS))

    def forward(self, x: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, H, W), (N, 4) -> (N, 229) logits and (N, 9) auxiliary values."""
        output = self.net(x, told)
        return output.logits, self.auxiliary(torch.cat([output.features * output.gain, told], 1))


class AgeTrainee:
    """The network learning ages; see `training.loop.Trainee`.

    Simulated children teach their best estimate (the posterior's median given what is visible), which is what many
    children who look alike would teach; a site's teach their age.
    """

    def __init__(self, train: AgeCohort, validation: AgeCohort, tier: Tier, *, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = Teacher(tier.architecture).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._train, self._tier = train, tier
        self._validation = validation.take(np.arange(min(VALIDATED, len(validation))))
        self._scale = torch.from_numpy(train.scale)
        self._label = torch.from_numpy(np.where(np.isnan(train.oracle), train.months, train.oracle))

    @property
    def steps(self) -> int:
        """Batches of an epoch; children who do not fill one are left out of it."""
        return max(1, len(self._train) // self._tier.batch)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """An epoch's batches, augmented."""
        del epoch
        order = torch.randperm(len(self._train), generator=generator).numpy()
        for chosen in order[: self.steps * self._tier.batch].reshape(self.steps, -1):
            yield self._batch(chosen, generator)

    def _batch(self, chosen: Indices, generator: torch.Generator) -> Batch:
        cohort = self._train
        forget = torch.rand(len(chosen), generator=generator).numpy() < FORGET_SIZE
        silent = torch.rand(len(chosen), generator=generator).numpy() < FORGET_SEX
        known = cohort.known[chosen] & ~forget
        pictures = np.where(known[:, None, None], cohort.scaled[chosen], cohort.filled[chosen])
        names = cohort.take(chosen).sexes if not silent.all() else [None] * len(chosen)
        told = scalars(
            [None if hush else sex for sex, hush in zip(names, silent, strict=True)], known.tolist(),
            self._scale[chosen].tolist(),
        )  # fmt: skip
        images = augment(resized(pictures, self._tier.size), generator, zoom=torch.from_numpy(~known))
        return Batch(images, told, self._label[chosen], torch.from_numpy(cohort.truths[chosen]))

    def loss(self, batch: Batch, device: torch.device) -> Tensor:
        """Absolute error and divergence of the age, squared error of what is visible."""
        x = ((batch.images - MEAN) / SD).to(device, memory_format=torch.channels_last)
        with mixed(device):
            logits, extra = self.network(x, batch.scalars.to(device))
        logits, extra = logits.float(), extra.float()
        truths = batch.truths.to(device)
        there = torch.isfinite(truths)
        # to scale only: without it, nobody can tell millimetres
        there = there & (batch.scalars[:, 2:3].to(device) > 0)
        wrong = (extra - truths.nan_to_num()).square()[there]
        auxiliary = wrong.mean() if wrong.numel() else wrong.sum()
        loss: Tensor = age_loss(logits, batch.label.to(device)) + AUXILIARY_WEIGHT * auxiliary
        return loss

    def validate(self, device: torch.device) -> float:
        """Mean absolute error in months, half of it to scale and half with the size forgotten."""
        cohorts = (self._validation, self._validation.without_size())
        return sum(mae(self.network.net, cohort, size=self._tier.size, device=device) for cohort in cohorts) / 2


def resized(pictures: npt.NDArray[np.uint8], size: int) -> Tensor:
    """(N, stored, stored) 0..255 -> (N, 1, size, size) in 0..1."""
    images = torch.from_numpy(pictures)[:, None].float() / 255
    if images.shape[-1] == size:
        return images
    return functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True)


class Scored(NamedTuple):
    """What the network says of a cohort."""

    logits: Tensor  #: (N, 229)
    features: Tensor  #: (N, C)

    @property
    def months(self) -> npt.NDArray[np.float64]:
        """(N,) ages."""
        return np.asarray(expectation(self.logits).double().numpy(), np.float64)


@torch.no_grad()
def score(net: AgeNet, cohort: AgeCohort, *, size: int, device: torch.device | str = "cpu", batch: int = 32) -> Scored:
    """Logits and features of a cohort. size: side of the network's square, pixels, at most that of the pictures."""
    logits, features = [], []
    scale = cohort.scale
    for start in range(0, len(cohort), batch):
        rows = np.arange(start, min(start + batch, len(cohort)))
        told = scalars(cohort.take(rows).sexes, cohort.known[rows].tolist(), scale[rows].tolist())
        x = (resized(cohort.scaled[rows], size) - MEAN) / SD
        output = net(x.to(device, memory_format=torch.channels_last), told.to(device))
        logits.append(output.logits.float().cpu())
        features.append(output.features.float().cpu())
    return Scored(torch.cat(logits), torch.cat(features))


def mae(net: AgeNet, cohort: AgeCohort, *, size: int, device: torch.device | str = "cpu") -> float:
    """Mean absolute error against the age in the calendar, months."""
    return float(np.abs(score(net, cohort, size=size, device=device).months - cohort.months).mean())
