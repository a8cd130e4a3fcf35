"""How the fracture network is trained: picture features first, then the paper's arms as heads over them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.patches import Variant
from models.spine_fracture_xr.network import FEATURES, IMAGE, FractureNet
from models.spine_fracture_xr.preprocess import Layout, View, standardise
from training.cohorts.spine_fracture_xr import TRUTH, SpineCohort
from training.evaluation.concordance import harrell_c
from training.evaluation.interval import Ints
from training.fitting.cox import partial_likelihood_loss
from training.loop import History, Plan, fit
from training.precision import mixed
from training.request import Progress, silent

ROTATION, SCALE, SHIFT, NOISE = 0.10, 0.06, 0.03, 0.02  # radians, shares of the side, grey; assumptions
TRUTH_WEIGHT = 1.0  # of the squared error of what the picture is known to show, beside the partial likelihood
HIDE = 0.1  # share of items hidden from the arms while they learn, so that they know what to do without; assumption
VIEWS = 3  # of each picture, differently augmented, from which the arms learn
ARM_BATCH, ARM_RATE = 512, 2e-3


@dataclass(frozen=True, kw_only=True)
class Tier:
    """How much work goes into the weights."""

    train: int  #: simulated people
    validation: int
    test: int
    external: int
    stored: int  #: size at which the radiographs are kept, pixels
    shown: int  #: canvas, or patch of a stack, pixels
    width: float  #: of the ResNet
    epochs: int
    arm_epochs: int
    batch: int  #: people whose order is compared; events dealt out evenly
    films: int  #: units that take each simulated person to train on, one an epoch in turn
    lives: int  #: fates of each simulated person, one an epoch in turn
    rate: float = 2e-3
    variant: Variant = "patches_L1L5"
    layout: Layout = "canvas"
    jitter: float = 0.0  #: SD of the keypoint error while learning, share of the distance of two vertebrae

    @property
    def view(self) -> View:
        """What the network is shown."""
        return View(variant=self.variant, layout=self.layout, size=self.shown)


TIERS = {
    # minutes on two cores: proves that the chain learns
    "tiny": Tier(
        train=160, validation=30, test=120, external=20, stored=128, shown=64, width=0.25, epochs=30, arm_epochs=40,
        batch=40, films=2, lives=24, jitter=0.10,
    ),
    # half an hour of one core, most of it for drawing
    "small": Tier(
        train=4000, validation=200, test=600, external=600, stored=256, shown=96, width=0.25, epochs=24,
        arm_epochs=40, batch=64, films=1, lives=24, rate=3e-3, jitter=0.05,
    ),
    # a GPU: canvas and width of the specification
    "reference": Tier(
        train=40000, validation=4000, test=20000, external=8000, stored=512, shown=384, width=0.75, epochs=40,
        arm_epochs=60, batch=256, films=1, lives=40, rate=1e-3, jitter=0.05,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shown:
    """People as the network is shown them."""

    pictures: npt.NDArray[np.uint8] = field(repr=False)  #: (films, N, C, size, size), 255 is 1
    items: npt.NDArray[np.float32] = field(repr=False)  #: (N, 7), NaN where not known
    truth: npt.NDArray[np.float32] = field(repr=False)  #: (N, 15), NaN where not known
    times: npt.NDArray[np.float64] = field(repr=False)  #: (F, N) of each of F lives
    events: npt.NDArray[np.bool_] = field(repr=False)  #: (F, N)

    def __len__(self) -> int:
        return len(self.items)


def jittered(points: npt.NDArray[np.floating], share: float, seed: int) -> npt.NDArray[np.float64]:
    """Points (N, 5, 2) moved at random, as a keypoint network would err: SD `share` of the mean vertebral distance."""
    places = np.asarray(points, np.float64)
    distance = np.linalg.norm(np.diff(places, axis=1), axis=2).mean(1)
    noise = np.random.default_rng([seed, 53]).standard_normal(places.shape)
    return np.asarray(places + share * distance[:, None, None] * noise, np.float64)


def show(
    lives: list[SpineCohort], view: View, *, jitter: float = 0.0, seed: int = 0, progress: Progress = silent,
) -> Shown:  # fmt: skip
    """The aligned pictures of a cohort, with one or several lives of the same people.

    Parameters
    ----------
    lives
        The same people in the same order; pictures are taken from the first.
    view
        What is shown.
    jitter
        SD of a random error of the points, share of the vertebral distance; each film's is its own.
    seed
        Of that error.
    """
    first = lives[0]
    films = first.images.shape[1]
    places = [jittered(first.points, jitter, films * seed + film) for film in range(films)]
    made = []
    for index, pictures in enumerate(first.images):
        shown = [
            view.show(picture.astype(np.float32) / 255, places[film][index]) for film, picture in enumerate(pictures)
        ]
        made.append(np.round(np.stack(shown) * 255).astype(np.uint8))
        progress(f"align:{view.variant}", index + 1, len(first))
    return Shown(
        pictures=np.stack(made, 1), items=first.clinical, truth=first.truth,
        times=np.stack([life.time for life in lives]), events=np.stack([life.event for life in lives]),
    )  # fmt: skip


class Teacher(nn.Module):
    """The network and the head that says what the picture shows; it is thrown away after training."""

    def __init__(self, net: FractureNet) -> None:
        super().__init__()
        self.net = net
        self.tell = nn.Linear(FEATURES, len(TRUTH))

    def forward(self, x: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures and items -> log-hazard (N,) of the picture alone, and (N, 15) of what it shows."""
        features: Tensor = self.net.encoder(x).features
        return self.net.arms[IMAGE](features, items), self.tell(features)


def truth_loss(told: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error over what is known; 0 if nothing is."""
    known = ~torch.isnan(truth)
    error = torch.where(known, told.float() - torch.nan_to_num(truth), 0.0)
    return error.square().sum() / known.sum().clamp(min=1)


def dealt(events: npt.NDArray[np.bool_], batch: int, generator: torch.Generator) -> Iterator[Ints]:
    """Batches of row numbers, each row once, the events spread evenly over them; a short last batch is left out.

    Fewer rows than a batch are one batch.
    """
    many = max(1, len(events) // batch)
    kinds = (np.flatnonzero(events), np.flatnonzero(~events))
    spread = np.concatenate([kind[torch.randperm(len(kind), generator=generator).numpy()] for kind in kinds])
    for k in range(many):
        yield spread[k::many]


class PictureTrainee:
    """Trains encoder and picture arm on the partial likelihood, and on what simulated pictures are known to show."""

    def __init__(self, net: FractureNet, train: Shown, validation: Shown, *, batch: int) -> None:
        self.network = Teacher(net)
        self._train, self._validation, self._batch = train, validation, batch
        self.steps = max(1, len(train) // batch)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, ...]]:
        """Augmented pictures, items, truth, times and events; each epoch another life and another film."""
        life, film = epoch % len(self._train.times), epoch % len(self._train.pictures)
        for rows in dealt(self._train.events[life], self._batch, generator):
            yield (
                varied(self._train.pictures[film][rows], generator), torch.from_numpy(self._train.items[rows]),
                torch.from_numpy(self._train.truth[rows]), torch.from_numpy(self._train.times[life][rows]),
                torch.from_numpy(self._train.events[life][rows]),
            )  # fmt: skip

    def loss(self, batch: tuple[Tensor, ...], device: torch.device) -> Tensor:
        """Partial likelihood of the picture arm and the error of what it tells."""
        x, items, truth, time, event = (part.to(device) for part in batch)
        with mixed(device):
            hazard, told = self.network(x.contiguous(memory_format=torch.channels_last), items)
        return partial_likelihood_loss(hazard, time, event) + TRUTH_WEIGHT * truth_loss(told, truth)

    def validate(self, device: torch.device) -> float:
        """1 - C of the picture arm, mean over the lives; NaN where there is no event."""
        features = features_of(self.network.net, self._validation.pictures[0], device=device)
        hazard = self.network.net.arms[IMAGE](features.to(device), torch.from_numpy(self._validation.items).to(device))
        return 1 - mean_c(hazard.cpu().numpy(), self._validation)


class ArmTrainee:
    """Trains all arms at once on known picture features: they share nothing, so their losses are added."""

    def __init__(self, net: FractureNet, train: Shown, features: Tensor, validation: Shown, seen: Tensor) -> None:
        self.network = net.arms
        self._net, self._train, self._features = net, train, features  # features (VIEWS, N, 128)
        self._validation, self._seen = validation, seen
        self.steps = max(1, len(train) // ARM_BATCH)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, ...]]:
        """Features of one view, items of which some are hidden, times and events; each epoch another life."""
        life = epoch % len(self._train.times)
        for rows in dealt(self._train.events[life], ARM_BATCH, generator):
            items = torch.from_numpy(self._train.items[rows])
            hidden = torch.rand(items.shape, generator=generator) < HIDE
            yield (
                self._features[epoch % len(self._features)][rows], torch.where(hidden, torch.nan, items),
                torch.from_numpy(self._train.times[life][rows]), torch.from_numpy(self._train.events[life][rows]),
            )  # fmt: skip

    def loss(self, batch: tuple[Tensor, ...], device: torch.device) -> Tensor:
        """Sum of the arms' partial likelihoods."""
        features, items, time, event = (part.to(device) for part in batch)
        found = self._net.hazards(features, items)
        return torch.stack([partial_likelihood_loss(hazard, time, event) for hazard in found.values()]).sum()

    def validate(self, device: torch.device) -> float:
        """1 - C, mean over arms and lives."""
        items = torch.from_numpy(self._validation.items).to(device)
        found = self._net.hazards(self._seen.to(device), items)
        return 1 - float(np.mean([mean_c(hazard.cpu().numpy(), self._validation) for hazard in found.values()]))


def varied(pictures: npt.NDArray[np.uint8], generator: torch.Generator) -> Tensor:
    """(N, C, size, size) -> the same, standardised, moved a little, half of them mirrored, with some noise.

    A lateral spine has no fixed side: it may look either way. Grey values keep their order and their distances: bone
    density shows in them. The patches of a stack are moved alike.
    """
    x = torch.from_numpy(pictures).float() / 255
    n = len(x)

    def uniform(reach: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * reach

    angle, zoom = uniform(ROTATION), 1 + uniform(SCALE)
    mirror = torch.where(uniform(1.0) < 0, -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across = torch.stack([cos * mirror, -sin * mirror, uniform(2 * SHIFT)], 1)
    down = torch.stack([sin, cos, uniform(2 * SHIFT)], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), list(x.shape), align_corners=False)
    moved = functional.grid_sample(x, grid, align_corners=False)
    return standardise(moved + NOISE * torch.randn(x.shape, generator=generator))


@torch.no_grad()
def features_of(
    net: FractureNet, pictures: npt.NDArray[np.uint8], *, device: str | torch.device = "cpu",
    generator: torch.Generator | None = None, batch: int = 128,
) -> Tensor:  # fmt: skip
    """(N, 128) on the CPU; with a generator of augmented pictures."""
    found = []
    for start in range(0, len(pictures), batch):
        part = pictures[start : start + batch]
        plain = standardise(torch.from_numpy(part).float() / 255)
        x = plain if generator is None else varied(part, generator)
        found.append(net.encoder(x.to(device, memory_format=torch.channels_last)).features.float().cpu())
    return torch.cat(found)


def mean_c(hazard: npt.NDArray[np.floating], people: Shown) -> float:
    """Harrell's C, mean over the lives that have a comparable pair; NaN if none has."""
    found = []
    for time, event in zip(people.times, people.events, strict=True):
        try:
            found.append(harrell_c(time, event, hazard).c)
        except ValueError:
            continue
    return float(np.mean(found)) if found else float("nan")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network and how its two stages went."""

    net: FractureNet
    picture: History
    arms: History


def train_hazard(
    train: Shown, validation: Shown, tier: Tier, *, seed: int, device: str = "cpu", folder: Path | None = None,
    stage: str = "hazard", progress: Progress = silent,
) -> Trained:  # fmt: skip
    """Train the picture encoder, then the arms over its features.

    Parameters
    ----------
    train, validation
        People that share nobody.
    tier
        Width, epochs and batch.
    seed
        Of first weights, order and augmentation.
    folder
        Of checkpoints and logs, as in `training.loop.fit`.
    """
    torch.manual_seed(seed)
    net = FractureNet(width=tier.width, layout=tier.layout).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    identity = f"{replace(tier, test=0, external=0)} {len(train)} {len(validation)}"
    plan = Plan(epochs=tier.epochs, peak_rate=tier.rate)
    picture = fit(
        PictureTrainee(net, train, validation, batch=tier.batch), plan, seed=seed, device=device, folder=folder,
        stage=f"{stage}-picture", identity=identity, progress=progress,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    films = [train.pictures[view % len(train.pictures)] for view in range(VIEWS)]
    views = torch.stack([features_of(net, film, generator=generator) for film in films])
    heads = fit(
        ArmTrainee(net, train, views, validation, features_of(net, validation.pictures[0])),
        Plan(epochs=tier.arm_epochs, peak_rate=ARM_RATE, weight_decay=0.05), seed=seed, device=device, folder=folder,
        stage=f"{stage}-arms", identity=identity, progress=progress,
    )  # fmt: skip
    return Trained(net=net.eval(), picture=picture, arms=heads)
