"""How the weights of `cap_mortality_cxr` are made from simulated patients."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.cap_mortality_cxr.network import AUXILIARY, MortalityNet, Output
from models.cap_mortality_cxr.preprocess import MEAN, SD
from models.densenet import FEATURES
from training.augment import augment
from training.cohorts.chest import ChestCohort
from training.request import Progress

Indices = npt.NDArray[np.int64]

AUXILIARY_WEIGHT = 3.0  # of the mean squared error of zones, effusion and age beside the cross-entropy; assumption
WEIGHT_DECAY = 0.02
PEAK_RATE = 1.2e-3


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
    # under an hour on two busy cores
    "small": Tier(
        train=5000,
        validation=1000,
        test=3000,
        external=600,
        size=128,
        stored=160,
        stages=((64, 8400), (96, 2880), (128, 1152)),
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
    """Cross-entropy against the simulator's risk (a soft label: the mean of infinitely many fates) plus auxiliaries."""
    found, extra = output
    main = functional.binary_cross_entropy_with_logits(found.logit, risk)
    return main + AUXILIARY_WEIGHT * functional.mse_loss(extra, auxiliary)


def fit(
    cohort: ChestCohort, tier: Tier, *, seed: int, device: str, progress: Progress
) -> tuple[MortalityNet, list[float]]:
    """Train, and return the network and the mean loss of each tenth of the steps."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    teacher = Teacher().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    sizes = [size for size, pictures in tier.stages for _ in range(max(1, pictures // tier.batch))]
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=PEAK_RATE, total_steps=max(2, len(sizes)), pct_start=0.15
    )
    losses: list[float] = []
    draw = indices(len(cohort), tier.batch, generator)
    teacher.train()
    for done, size in enumerate(sizes, start=1):
        chosen = next(draw)
        images = augment(as_images(cohort, chosen, size), generator)
        x = ((images - MEAN) / SD).to(device, memory_format=torch.channels_last)
        risk, auxiliary = torch.from_numpy(cohort.risk[chosen]), torch.from_numpy(cohort.auxiliary[chosen])
        loss = loss_of(teacher(x), risk.to(device), auxiliary.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(teacher.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        progress("train", done, len(sizes))
    tenths = [float(part.mean()) for part in np.array_split(np.asarray(losses), min(10, len(losses)))]
    return teacher.net.eval().cpu(), tenths


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


@torch.no_grad()
def score(net: MortalityNet, cohort: ChestCohort, *, size: int, batch: int = 32) -> tuple[Tensor, Tensor]:
    """Logits (N,) and pooled features (N, 1024) of a cohort, on the CPU."""
    logits, features = [], []
    for start in range(0, len(cohort), batch):
        chosen = np.arange(start, min(start + batch, len(cohort)))
        output = net((as_images(cohort, chosen, size) - MEAN) / SD)
        logits.append(output.logit)
        features.append(output.features)
    return torch.cat(logits), torch.cat(features)
