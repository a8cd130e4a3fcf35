"""How the network that finds vertebrae and muscles in abdominal CT learns from simulated patients."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.bone_muscle_ct.segmentation import (
    AIR,
    BONES,
    LEVELS,
    MUSCLES,
    TISSUES,
    WIDTHS,
    SegmentationNet,
    windows,
)
from training.cohorts.spine_ct import BODY, SpineCohort
from training.loop import History, Plan, fit
from training.precision import mixed
from training.request import Progress, silent

SMOOTH = 50.0  # voxels added to numerator and denominator of the soft Dice: keeps absent classes quiet
FLIPPED = 0.5  # share of patients seen mirrored from left to right
THICK = (1, 1, 2)  # slices averaged: a third of the patients are scanned with slices of 6 mm


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated patients
    validation: int
    judged: int  #: external patients on which the weights are judged, at the resolution of a scanner
    crops: tuple[tuple[int, int, int], ...]  #: voxels (z, y, x) of the pieces seen, one shape a batch
    widths: tuple[int, ...]
    batch: int
    steps: int  #: batches of an epoch
    plan: Plan


TIERS = {
    # minutes on one core: proves that the chain learns
    "tiny": Tier(
        train=10, validation=3, judged=4, crops=((32, 96, 112),), widths=(12, 24, 32), batch=1, steps=30,
        plan=Plan(epochs=16, peak_rate=6e-3),
    ),
    # 40 minutes of one core that multiplies bfloat16, drawing included
    "small": Tier(
        train=400, validation=6, judged=40, crops=((48, 144, 192), (48, 112, 160)), widths=WIDTHS, batch=1, steps=250,
        plan=Plan(epochs=16, peak_rate=3e-3, warm_up=0.1),
    ),
    # a GPU
    "reference": Tier(
        train=4000, validation=60, judged=200, crops=((48, 144, 192), (48, 176, 224)), widths=(32, 64, 128, 160),
        batch=8, steps=500, plan=Plan(epochs=40, peak_rate=2e-3),
    ),
}  # fmt: skip


def crop(
    hu: np.ndarray,
    classes: np.ndarray,
    size: tuple[int, int, int],
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """A random piece, filled up with air where the patient is smaller: float32 HU and uint8 classes of `size`."""
    found_hu, found = torch.full(size, AIR), torch.zeros(size, dtype=torch.uint8)
    source, target = [], []
    for have, want in zip(hu.shape, size, strict=True):
        spare = have - want
        start = int(torch.randint(0, abs(spare) + 1, (), generator=generator))
        source.append(slice(start, start + want) if spare > 0 else slice(None))
        target.append(slice(None) if spare > 0 else slice(start, start + have))
    found_hu[tuple(target)] = torch.from_numpy(hu[tuple(source)].astype(np.float32))
    found[tuple(target)] = torch.from_numpy(classes[tuple(source)])
    return found_hu, found


def vary(hu: Tensor, generator: torch.Generator) -> Tensor:
    """Another scanner's look at the same patient: scale and shift of HU, thicker slices, blur, noise. (Z, Y, X)."""
    scale, shift, blur, grain, thick = torch.rand(5, generator=generator).tolist()
    out = hu * (0.92 + 0.16 * scale) + (shift - 0.5) * 24
    if THICK[int(thick * len(THICK))] == 2:
        out = (out + torch.roll(out, 1, 0)) / 2
    share = max(0.0, blur - 0.4) * 0.5
    if share:
        plane = functional.avg_pool2d(out[:, None], 3, stride=1, padding=1, count_include_pad=False)[:, 0]
        out = out + share * (plane - out)
    noisy: Tensor = out + torch.randn(out.shape, generator=generator) * (20 * max(0.0, grain - 0.5))
    return noisy


def tissues(classes: Tensor) -> Tensor:
    """Classes of the cohort, uint8, as indices of TISSUES, int64: levels put together, bodies and arches apart."""
    table = torch.zeros(256, dtype=torch.int64)
    table[1 : 1 + len(LEVELS)] = TISSUES.index("arch")
    table[BODY + 1 : BODY + 1 + len(LEVELS)] = TISSUES.index("body")
    for bit in (0, BODY):
        table[bit + len(LEVELS)] = TISSUES.index("sacrum")
    for number in range(len(MUSCLES)):
        table[1 + len(LEVELS) + number] = BONES.stop + number
    return table[classes.long()]


def loss_of(logits: Tensor, named: Tensor) -> Tensor:
    """Cross-entropy and soft Dice of the tissues that are there.

    logits: (N, TISSUES, Z, Y, X); named: (N, Z, Y, X) int64, indices of TISSUES.
    """
    log_shares = functional.log_softmax(logits.float(), 1)
    right = log_shares.gather(1, named[:, None])[:, 0].reshape(-1)
    wanted, count = named.reshape(-1), logits.shape[1]
    amount = torch.bincount(wanted, minlength=count).float()
    hit = torch.zeros(count, device=logits.device).index_add(0, wanted, right.exp())
    dice = (2 * hit + SMOOTH) / (log_shares.exp().sum((0, 2, 3, 4)) + amount + SMOOTH)
    there = amount[1:] > 0
    overlap = 1 - dice[1:][there].mean() if bool(there.any()) else logits.new_zeros(())
    return overlap - right.mean()


class Segmenter:
    """The network as the training loop wants it."""

    def __init__(self, net: SegmentationNet, train: SpineCohort, validation: SpineCohort, tier: Tier) -> None:
        self.net, self.train, self.validation, self.tier = net, train, validation, tier

    @property
    def network(self) -> nn.Module:
        """The U-Net."""
        return self.net

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return self.tier.steps

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Pieces of random patients: (N, Z, Y, X) HU and tissues."""
        order = torch.randperm(len(self.train), generator=generator).tolist()
        for step in range(self.tier.steps):
            size = self.tier.crops[(epoch * self.tier.steps + step) % len(self.tier.crops)]
            pieces = []
            for k in range(self.tier.batch):
                hu, classes = self.train.volume(order[(step * self.tier.batch + k) % len(order)])
                piece, target = crop(hu, classes, size, generator)
                if float(torch.rand((), generator=generator)) < FLIPPED:
                    piece, target = piece.flip(2), target.flip(2)
                pieces.append((vary(piece, generator), target))
            yield torch.stack([p for p, _ in pieces]), tissues(torch.stack([t for _, t in pieces]))

    def loss(self, batch: tuple[Tensor, Tensor], device: torch.device) -> Tensor:
        """Loss of a batch."""
        hu, target = batch[0].to(device), batch[1].to(device)
        with mixed(device):
            logits = self.net(windows(hu))
        return loss_of(logits, target)

    @torch.no_grad()
    def validate(self, device: torch.device) -> float:
        """Mean loss on the middle of the validation patients, as they were scanned."""
        generator = torch.Generator().manual_seed(1)
        losses = []
        for number in range(len(self.validation)):
            hu, target = crop(*self.validation.volume(number), self.tier.crops[0], generator)
            losses.append(float(self.loss((hu[None], tissues(target[None])), device)))
        return float(np.mean(losses))


def train_segmentation(
    train: SpineCohort, validation: SpineCohort, tier: Tier, *, seed: int, device: str = "cpu",
    folder: Path | None = None, progress: Progress = silent,
) -> tuple[SegmentationNet, History]:  # fmt: skip
    """Train the network; it comes back on the CPU in evaluation mode.

    folder: gets checkpoint and log ("segmentation"), so that an interrupted training goes on.

    Raises
    ------
    ConfigurationError
        If the folder holds the checkpoint of another training.
    """
    torch.manual_seed(seed)
    net = SegmentationNet(tier.widths)
    identity = repr((tier, train.seeds[[0, -1]].tolist()))
    history = fit(
        Segmenter(net, train, validation, tier), tier.plan, seed=seed, device=device, folder=folder,
        stage="segmentation", identity=identity, progress=progress,
    )  # fmt: skip
    return net, history
