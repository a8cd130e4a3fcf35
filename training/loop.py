"""The training loop that the models share: epochs, checkpoints, early stopping and a log, the same on every device.

Every epoch draws its random numbers from the seed and its own number. A run that was interrupted goes on from its
last whole epoch, and gives the same weights as one that was not.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.checkpoint import Checkpoints, Learner
from training.request import Progress, silent

Batch = Any  #: what a trainee's `batches` yields and its `loss` takes


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a network is trained: AdamW with one cycle of the learning rate."""

    epochs: int
    peak_rate: float
    weight_decay: float = 0.02
    warm_up: float = 0.15  #: share of the steps in which the rate rises
    patience: int = 0  #: epochs without a better validation before training stops; 0: never
    clip: float = 5.0  #: largest norm of the gradient


class Trainee(Protocol):
    """What is trained, and on what."""

    @property
    def network(self) -> nn.Module:
        """Holds every parameter that is trained."""
        ...

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        ...

    def batches(self, epoch: int, generator: torch.Generator) -> Iterable[Batch]:
        """`steps` batches on the CPU, drawn from the generator; epochs count from 0."""
        ...

    def loss(self, batch: Batch, device: torch.device) -> Tensor:
        """Scalar to be made small."""
        ...

    def validate(self, device: torch.device) -> float:
        """How bad the network is on patients it does not learn from; NaN if that is not known."""
        ...


@dataclass(frozen=True, kw_only=True)
class History:
    """What happened, by epoch."""

    losses: tuple[float, ...]  #: mean training loss
    validation: tuple[float, ...]  #: NaN where there is none
    best_epoch: int  #: whose weights the network has in the end; counts from 0


def fit(
    trainee: Trainee,
    plan: Plan,
    *,
    seed: int,
    device: str = "cpu",
    folder: Path | None = None,
    stage: str = "train",
    identity: str = "",
    progress: Progress = silent,
) -> History:
    """Train, leave the best weights in the network (on the CPU, in evaluation mode), and tell how it went.

    Parameters
    ----------
    trainee
        What is trained.
    plan
        How.
    seed
        Of the order of patients, augmentation and dropout. The initial weights are the caller's.
    device
        "cpu" or "cuda"; on CUDA the passes run in bfloat16 where that is safe.
    folder
        Gets `<stage>.pt`, a checkpoint after each epoch, and `<stage>.csv`, a line for each. None: neither.
    stage
        Names the training in files and progress.
    identity
        Says what the training depends on beside plan and seed (tier, cohort): a checkpoint of another one is refused.
    progress
        Called with (stage, steps done, steps in all).

    Raises
    ------
    ConfigurationError
        If the folder holds the checkpoint of another training.
    FloatingPointError
        If the loss is not finite.
    """
    where = torch.device(device)
    learner = _learner(trainee, plan, where)
    checkpoints = Checkpoints(folder, stage, repr((identity, seed, astuple(plan), trainee.steps)))
    state = checkpoints.resume(learner)
    while not state.ended(plan.epochs, plan.patience):
        epoch, begun = len(state.losses), time.monotonic()
        total = plan.epochs * trainee.steps
        losses = []
        for loss in _epoch(trainee, learner, plan.clip, epoch=epoch, seed=seed):
            losses.append(loss)
            progress(stage, epoch * trainee.steps + len(losses), total)
        learner.network.eval()
        with torch.no_grad():
            value = trainee.validate(where)
        state.note(sum(losses) / len(losses), value, learner.network)
        checkpoints.keep(state, learner, seconds=time.monotonic() - begun)
    learner.network.load_state_dict(state.best_weights)
    learner.network.eval().cpu()
    return History(losses=tuple(state.losses), validation=tuple(state.validation), best_epoch=state.best_epoch)


def _learner(trainee: Trainee, plan: Plan, device: torch.device) -> Learner:
    network = trainee.network.to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.peak_rate, weight_decay=plan.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=plan.peak_rate, total_steps=max(2, plan.epochs * trainee.steps), pct_start=plan.warm_up
    )
    return Learner(network=network, optimizer=optimizer, schedule=schedule)


def _epoch(trainee: Trainee, learner: Learner, clip: float, *, epoch: int, seed: int) -> Iterator[float]:
    """The loss of each step of an epoch, once the step is done."""
    torch.manual_seed(seed * 100_003 + epoch)  # dropout
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    device = next(learner.network.parameters()).device
    learner.network.train()
    for batch in trainee.batches(epoch, generator):
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=device.type == "cuda"):
            loss = trainee.loss(batch, device)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss of epoch {epoch + 1} is not finite; a lower rate may help")
        learner.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learner.network.parameters(), clip)
        learner.optimizer.step()
        learner.schedule.step()
        yield loss.item()
