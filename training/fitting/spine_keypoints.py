"""How the weights that find L1-L5 on a lateral lumbar radiograph are made from simulated ones."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from models.heatmaps import SIGMA, render
from models.hrnet import STRIDE, KeypointHRNet
from models.spine_fracture_xr.keypoints import LEVELS, Located, locate, standardise
from training.augment import GAMMA
from training.cohorts.lumbar import LumbarCohort, simulate
from training.loop import History, Plan, fit
from training.precision import mixed
from training.request import Progress, silent

Indices = npt.NDArray[np.int64]

SIGMA_OF_SIZE = SIGMA / 384  # heatmap pixels for each pixel of the input's side: COCO's 3 at 384
ROTATION = math.radians(20)  # COCO turns by 45 degrees, people stand straighter on a lateral view; assumption
SCALE = 0.25  # of the logarithm; COCO: 0.35
SHIFT = 0.08  # share of the side; assumption
UPSIDE_DOWN = 0.06  # share of pictures turned by 180 degrees, on which no level is to be found; assumption
NOWHERE = -1e4  # pixels: a point so far off leaves its heatmap empty
INVERTED = 0.10  # share of pictures shown with bone dark; assumption
CONTRAST = (0.6, 1.2)
NOISE = 0.04
BATCH = 32  # pictures at a time when nothing is learnt


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated people
    validation: int
    judged: int  #: external people on whom the weights are judged
    stored: int  #: size at which the phantoms are kept, pixels
    width: int  #: channels of HRNet's finest branch
    stages: tuple[tuple[int, int], ...]  #: (size in pixels, epochs): small pictures first, they are cheaper
    batch: int
    peak_rate: float
    second: tuple[tuple[int, int], ...] = ()  #: stages of a second cycle of the rate, from the first one's weights
    second_rate: float = 1e-3  #: its peak

    @property
    def size(self) -> int:
        """The input size the network is meant for, pixels."""
        return (self.second or self.stages)[-1][0]

    def identity(self, cycle: int) -> str:
        """What the weights depend on up to a cycle, counted from 1; later cycles do not matter to it."""
        return repr((self.train, self.validation, self.stored, self.width, self.batch, self.cycles[:cycle], self.size))

    @property
    def cycles(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        """For each cycle of the rate the size of each epoch and the peak."""
        both = ((self.stages, self.peak_rate), (self.second, self.second_rate))
        return tuple(
            (tuple(size for size, epochs in stages for _ in range(epochs)), peak) for stages, peak in both if stages
        )


TIERS = {
    # minutes: proves that the chain learns
    "tiny": Tier(
        train=160, validation=24, judged=24, stored=128, width=8, stages=((64, 60),), batch=8, peak_rate=4e-3
    ),
    # 80 minutes of one core that multiplies bfloat16, drawing included
    "small": Tier(
        train=2400, validation=96, judged=500, stored=256, width=18, stages=((64, 2), (96, 1)), batch=8, peak_rate=2e-3,
        second=((128, 2), (192, 6)),
    ),
    # a GPU: the input size of the specification and HRNet-W32
    "reference": Tier(
        train=20000, validation=1000, judged=1000, stored=384, width=32, stages=((192, 20), (384, 30)), batch=32,
        peak_rate=1e-3,
    ),
}  # fmt: skip


class KeypointTrainee:
    """HRNet, and turned, mirrored and re-shaded radiographs with the Gaussians it is to answer with."""

    def __init__(self, train: LumbarCohort, validation: LumbarCohort, tier: Tier) -> None:
        self.network = KeypointHRNet(len(LEVELS), tier.width).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.steps = max(1, len(train) // tier.batch)
        self.sizes = tier.cycles[0][0]  #: pictures' size in each epoch
        self._train, self._validation, self._tier = train, validation, tier

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """(N, 1, size, size) in 0..1 and (N, 5, 2) points."""
        order = torch.randperm(len(self._train), generator=generator).numpy()
        size, batch = self.sizes[epoch], self._tier.batch
        for step in range(self.steps):
            images, points = as_batch(self._train, order[step * batch : (step + 1) * batch], size)
            yield augment(*turn_some(images, points, generator), generator)

    def loss(self, batch: tuple[Tensor, Tensor], device: torch.device) -> Tensor:
        """Squared error of the heatmaps over the squared height of what was wanted: 1 for a network that is silent."""
        images, points = batch
        x = standardise(images).to(device, memory_format=torch.channels_last)
        size = images.shape[-1]
        with mixed(device):
            found = self.network(x)
        wanted = render(points.to(device), tuple(found.shape[2:]), stride=STRIDE, sigma=SIGMA_OF_SIZE * size)
        volume = math.pi * (SIGMA_OF_SIZE * size) ** 2  # of a squared Gaussian
        loss: Tensor = (found.float() - wanted).square().sum((2, 3)).mean() / volume
        return loss

    def validate(self, device: torch.device) -> float:
        """Mean distance from the truth in mm on the detector, at the size that the network is meant for."""
        found = find(self.network, self._validation, size=self._tier.size, device=device, thorough=False)
        scale = self._validation.images.shape[-1] / self._tier.size
        away = np.linalg.norm(found.points * scale - self._validation.keypoints, axis=2)
        return float((away * self._validation.spacing[:, None]).mean())


def as_batch(cohort: LumbarCohort, chosen: Indices, size: int) -> tuple[Tensor, Tensor]:
    """(N, 1, size, size) in 0..1 and (N, 5, 2) points in pixels of that size."""
    images = torch.from_numpy(cohort.images[chosen])[:, None].float() / 255
    stored = images.shape[-1]
    if stored != size:
        images = functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True)
    return images, torch.from_numpy(cohort.keypoints[chosen]).float() * (size / stored)


def turn_some(images: Tensor, points: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A few pictures upside down, their points nowhere: the network is to be silent on what the node must refuse."""
    turned = torch.rand(len(images), generator=generator) < UPSIDE_DOWN
    images = torch.where(turned[:, None, None, None], images.flip(2, 3), images)
    return images, points.masked_fill(turned[:, None, None], NOWHERE)


def augment(images: Tensor, points: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Turned, enlarged, shifted, mirrored (a lateral view has no pairs to swap), re-shaded, with noise.

    images: (N, 1, H, H) in 0..1; points: (N, K, 2) column and row, moved along; they may leave the picture.
    """
    n, size = images.shape[0], images.shape[-1]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    angle, zoom = uniform(-ROTATION, ROTATION), torch.exp(uniform(-SCALE, SCALE))
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    # from a place in the new picture to its place in the old one, both from -1 to 1
    turn = torch.stack([torch.stack([cos * mirror, -sin * mirror], 1), torch.stack([sin, cos], 1)], 1)
    shift = torch.stack([uniform(-SHIFT, SHIFT), uniform(-SHIFT, SHIFT)], 1) * 2
    grid = functional.affine_grid(torch.cat([turn, shift[:, :, None]], 2), list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False)
    old = points / size * 2 - 1
    new = torch.linalg.solve(turn, (old - shift[:, None]).transpose(1, 2)).transpose(1, 2)
    return _shade(moved, uniform, generator), (new + 1) * size / 2


def _shade(images: Tensor, uniform: Callable[[float, float], Tensor], generator: torch.Generator) -> Tensor:
    def each(low: float, high: float) -> Tensor:
        return uniform(low, high)[:, None, None, None]

    shade = images.clamp(1e-4, 1) ** torch.exp(each(-GAMMA, GAMMA))
    shade = torch.where(each(0, 1) < INVERTED, 1 - shade, shade)
    contrast = each(*CONTRAST)
    shade = 0.5 + (shade - 0.5) * contrast + each(-0.1, 0.1)
    noise = torch.randn(images.shape, generator=generator) * each(0, NOISE)
    return (shade + noise).clamp(0, 1)


def find(
    network: KeypointHRNet, cohort: LumbarCohort, *, size: int, device: str | torch.device = "cpu",
    thorough: bool = True,
) -> Located:  # fmt: skip
    """Points (in pixels of that size) and peaks of every picture of a cohort."""
    parts = []
    for start in range(0, len(cohort), BATCH):
        images, _ = as_batch(cohort, np.arange(start, min(start + BATCH, len(cohort))), size)
        parts.append(locate(network, images.to(device, memory_format=torch.channels_last), thorough=thorough))
    return Located(np.concatenate([p.points for p in parts]), np.concatenate([p.peaks for p in parts]))


@dataclass(frozen=True, kw_only=True)
class TrainedKeypoints:
    """What came out."""

    network: KeypointHRNet
    histories: tuple[History, ...]  #: of each cycle
    weights: Path  #: state dict, float32 safetensors


def train_keypoints(
    tier: Tier, *, out: Path, seed: int, device: str = "cpu", workers: int = 1, progress: Progress = silent
) -> TrainedKeypoints:
    """Draw the people, train on them, and write the weights.

    Parameters
    ----------
    tier
        How much work.
    out
        Keeps the people (`cohorts`), a checkpoint and a log of each cycle (`keypoints-1.pt`,
        `keypoints-1.csv`), and gets `keypoints.safetensors`.
    seed
        Of people, initial weights, order and augmentation.
    device, workers, progress
        As in `training.request.TrainingRequest`.
    """

    def draw(split: str, count: int) -> LumbarCohort:
        return simulate(
            split, count, size=tier.stored, seed=seed, workers=workers, cache=out / "cohorts",
            progress=lambda done, total: progress(f"draw {split}", done, total),
        )  # fmt: skip

    train, validation = draw("train", tier.train), draw("validation", tier.validation)
    torch.manual_seed(seed)
    trainee = KeypointTrainee(train, validation, tier)
    histories = []
    for number, (sizes, peak) in enumerate(tier.cycles, start=1):
        trainee.sizes = sizes
        histories.append(fit(
            trainee, Plan(epochs=len(sizes), peak_rate=peak), seed=seed, device=device, folder=out,
            stage=f"keypoints-{number}", identity=tier.identity(number), progress=progress,
        ))  # fmt: skip
    weights = out / "keypoints.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in trainee.network.state_dict().items()}, weights)
    return TrainedKeypoints(network=trainee.network, histories=tuple(histories), weights=weights)
