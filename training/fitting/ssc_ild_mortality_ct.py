"""How the networks of `ssc_ild_mortality_ct` are trained."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.ssc_ild_mortality_ct.network import YEARS, MortalityNet, Output, with_neighbours
from training.cohorts.ssc_ild_mortality_ct import IldCohort
from training.evaluation.interval import Floats
from training.fitting.by_year import inverse_probability
from training.loop import History, Plan, fit
from training.outcomes.ssc_ild_mortality_ct import WEIGHTS
from training.precision import mixed
from training.request import Progress, silent

SIGNS, PATTERNS = 1.0, 20.0  # of the mean squared errors of auxiliary targets beside the cross-entropy; assumption
TURN, ZOOM, SHIFT = 6.0, 0.08, 0.05  # degrees, share, share of the side: largest change of a picture; assumption
CONTRAST, BRIGHTNESS = 0.05, 0.02  # likewise, of grey values
TOGETHER = 16  # scans scored at a time


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """One of the networks of a bundle."""

    name: str  #: of `network.BACKBONES`
    width: float


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated patients, with a scan or two each
    validation: int
    test: int  #: with up to four scans each
    external: int
    size: int  #: side of the slices, pixels
    slices: int
    epochs: tuple[tuple[int, int], ...]  #: (side in pixels, every n-th slice) of each epoch: cheap ones first
    backbones: tuple[Backbone, ...]
    batch: int
    peak_rate: float

    @property
    def counts(self) -> dict[str, int]:
        """Simulated patients by split."""
        return {"train": self.train, "validation": self.validation, "test": self.test, "external": self.external}


TIERS: Mapping[str, Tier] = {
    # minutes on two cores: proves that the chain learns
    "tiny": Tier(
        train=300, validation=40, test=120, external=20, size=64, slices=8, epochs=((64, 1),) * 10,
        backbones=(Backbone(name="resnet18", width=0.25),), batch=16, peak_rate=2e-3,
    ),
    # about twenty minutes of one core, with the drawing of the training patients; few slices at a time rather than
    # small ones, because at 4 mm a pixel honeycombing and reticulation are gone
    "small": Tier(
        train=600, validation=100, test=400, external=960, size=112, slices=16,
        epochs=((112, 4),) * 14 + ((112, 2),) * 2, backbones=(Backbone(name="resnet18", width=0.5),),
        batch=16, peak_rate=1.5e-3,
    ),
    # a GPU: slices and sizes of the specification, the paper's three networks
    "reference": Tier(
        train=20_000, validation=1500, test=3000, external=1500, size=224, slices=24,
        epochs=((112, 1),) * 10 + ((224, 1),) * 15,
        backbones=(
            Backbone(name="resnet18", width=1.0), Backbone(name="densenet121", width=1.0),
            Backbone(name="swin", width=0.5),
        ),
        batch=16, peak_rate=1e-3,
    ),
}  # fmt: skip


class Batch(NamedTuple):
    """Some scans; NaN where a target is not known."""

    slices: Tensor  #: (N, S, 3, H, W) in 0..1
    target: Tensor  #: (N, 5) outcome or true risk by each year
    weight: Tensor  #: (N, 5)
    signs: Tensor  #: (N, 6)
    patterns: Tensor  #: (N, S, 3)


class Teacher(nn.Module):
    """The network, and the auxiliary heads that are thrown away after training."""

    def __init__(self, net: MortalityNet) -> None:
        super().__init__()
        self.net = net
        self.signs = nn.Linear(net.features, len(WEIGHTS))
        self.patterns = nn.Linear(net.features, 3)

    def forward(self, slices: Tensor) -> tuple[Output, Tensor, Tensor]:
        """(N, S, 3, H, W) -> the network's output, (N, 6) signs, (N, S, 3) patterns."""
        output = self.net.read(slices)
        return output, self.signs(output.features), self.patterns(output.slices)


def targets(cohort: IldCohort) -> tuple[Floats, Floats]:
    """(N, 5) what is to be told of each scan, and what it counts for.

    Simulated patients: the simulator's risk, a soft label (the mean of infinitely many fates). A site's: outcomes,
    weighted against censoring.
    """
    if cohort.known:
        return cohort.risk.astype(np.float64), np.ones(cohort.risk.shape)
    return inverse_probability(cohort.time, cohort.event, YEARS)


@dataclass(kw_only=True)
class IldTrainee:
    """A network and the scans it learns from, for `training.loop`."""

    network: Teacher
    cohort: IldCohort = field(repr=False)
    validation: IldCohort = field(repr=False)
    tier: Tier
    target: Floats = field(repr=False)  #: (N, 5)
    weight: Floats = field(repr=False)

    @property
    def steps(self) -> int:
        """Batches of an epoch; what does not fill a batch waits for another epoch."""
        return max(1, len(self.cohort) // self.tier.batch)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Each scan at most once, changed a little."""
        side, every = self.tier.epochs[min(epoch, len(self.tier.epochs) - 1)]
        order = torch.randperm(len(self.cohort), generator=generator).numpy()
        for step in range(self.steps):
            rows = order[step * self.tier.batch : (step + 1) * self.tier.batch]
            first = int(torch.randint(every, (1,), generator=generator))
            images = changed(as_slices(self.cohort.images[rows], side), generator)
            yield Batch(
                with_neighbours(images)[:, first::every],
                torch.from_numpy(self.target[rows]).float(),
                torch.from_numpy(self.weight[rows]).float(),
                torch.from_numpy(self.cohort.signs[rows]),
                torch.from_numpy(self.cohort.patterns[rows, first::every]),
            )

    def loss(self, batch: Batch, device: torch.device) -> Tensor:
        """Weighted cross-entropy of the yearly risks, and the auxiliary targets where they are known."""
        with mixed(device):
            output, signs, patterns = self.network(batch.slices.to(device))
        main = weighted_bce(output.logits.float(), batch.target.to(device), batch.weight.to(device))
        beside = SIGNS * known_mse(signs, batch.signs.to(device))
        return main + beside + PATTERNS * known_mse(patterns, batch.patterns.to(device))

    def validate(self, device: torch.device) -> float:
        """Weighted cross-entropy of the yearly risks."""
        target, weight = targets(self.validation)
        logits = score(self.network.net, self.validation, size=self.tier.size, device=device).logits
        return float(weighted_bce(*(torch.from_numpy(array) for array in (logits, target, weight))))


def weighted_bce(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean cross-entropy over what is known; a scalar, 0 if nothing is."""
    each = functional.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


def known_mse(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error where the target is not NaN; a scalar, 0 if it is so everywhere."""
    known = torch.isfinite(wanted)
    gap = torch.where(known, found.float() - torch.nan_to_num(wanted), torch.zeros_like(wanted))
    return gap.square().sum() / known.sum().clamp(min=1)


def as_slices(images: npt.NDArray[np.uint8], side: int) -> Tensor:
    """(N, S, side, side) in 0..1."""
    slices = torch.from_numpy(images).float() / 255
    if slices.shape[-1] == side:
        return slices
    return functional.interpolate(slices, size=(side, side), mode="bilinear", antialias=True)


def changed(slices: Tensor, generator: torch.Generator) -> Tensor:
    """Each scan (N, S, H, W) turned, scaled, moved and mirrored as one, its grey values stretched."""
    count = len(slices)

    def evenly(most: float, columns: int = 1) -> Tensor:
        return (torch.rand(count, columns, generator=generator) * 2 - 1) * most

    angle, zoom, shift = evenly(math.radians(TURN))[:, 0], 1 + evenly(ZOOM)[:, 0], evenly(2 * SHIFT, 2)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across = torch.stack([cos * mirror, -sin, shift[:, 0]], 1)
    down = torch.stack([sin * mirror, cos, shift[:, 1]], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), list(slices.shape), align_corners=False)
    moved = functional.grid_sample(slices, grid, padding_mode="border", align_corners=False)
    gain, offset = 1 + evenly(CONTRAST)[:, :, None, None], evenly(BRIGHTNESS)[:, :, None, None]
    return (moved * gain + offset).clamp(0, 1)


class Scores(NamedTuple):
    """What a network says of N scans."""

    logits: Floats  #: (N, 5)
    features: Tensor  #: (N, F)
    weights: Floats  #: (N, S) attention


@torch.no_grad()
def score(net: MortalityNet, cohort: IldCohort, *, size: int, device: torch.device | None = None) -> Scores:
    """All slices of each scan, on the device; the network must be in evaluation mode."""
    where = device or torch.device("cpu")
    outputs = [
        net(as_slices(cohort.images[begin : begin + TOGETHER], size).to(where))
        for begin in range(0, len(cohort), TOGETHER)
    ]
    logits, features, weights, _ = (torch.cat(parts).float().cpu() for parts in zip(*outputs, strict=True))
    return Scores(logits.numpy().astype(np.float64), features, weights.numpy().astype(np.float64))


def fit_network(
    cohort: IldCohort,
    validation: IldCohort,
    tier: Tier,
    backbone: Backbone,
    *,
    seed: int,
    device: str = "cpu",
    folder: Path | None = None,
    identity: str = "",
    progress: Progress = silent,
) -> tuple[MortalityNet, History]:
    """Train one network of a bundle; arguments as of `training.loop.fit`."""
    torch.manual_seed(seed)
    teacher = Teacher(MortalityNet(backbone.name, width=backbone.width))
    target, weight = targets(cohort)
    trainee = IldTrainee(
        network=teacher, cohort=cohort, validation=validation, tier=tier, target=target, weight=weight
    )  # fmt: skip
    history = fit(
        trainee, Plan(epochs=len(tier.epochs), peak_rate=tier.peak_rate), seed=seed, device=device, folder=folder,
        stage=f"train-{backbone.name}", identity=identity, progress=progress,
    )  # fmt: skip
    return teacher.net.eval(), history
