"""A training's state between two epochs: kept on disk, so that a run which was interrupted goes on."""

import csv
import hashlib
import math
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from screening.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Learner:
    """A network and what changes its weights."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler


@dataclass(kw_only=True)
class State:
    """What a checkpoint holds beside network, optimizer and schedule."""

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_epoch: int = -1
    best_value: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def note(self, loss: float, value: float, network: nn.Module) -> None:
        """One more epoch; its weights are the best if it validates better, or cannot be judged."""
        self.losses.append(loss)
        self.validation.append(value)
        if math.isnan(value) or value < self.best_value:
            self.best_epoch, self.best_value = len(self.losses) - 1, math.inf if math.isnan(value) else value
            self.best_weights = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}

    def ended(self, epochs: int, patience: int) -> bool:
        """Whether all epochs are done or nothing got better for too long (0: never)."""
        done = len(self.losses)
        return done >= epochs or 0 < patience <= done - 1 - self.best_epoch


class Checkpoints:
    """Checkpoint and log of one training."""

    def __init__(self, folder: Path | None, stage: str, identity: str) -> None:
        self._checkpoint = folder / f"{stage}.pt" if folder is not None else None
        self._log = folder / f"{stage}.csv" if folder is not None else None
        self._identity = hashlib.sha256(identity.encode()).hexdigest()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def resume(self, learner: Learner) -> State:
        """What the checkpoint says, its weights put into place; a fresh state if there is none."""
        if self._checkpoint is None or not self._checkpoint.is_file():
            return State()
        held = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
        if held["identity"] != self._identity:
            raise ConfigurationError(
                f"{self._checkpoint} is of another training (other cohort, tier, seed or plan);"
                " remove it or give another folder"
            )
        learner.network.load_state_dict(held["network"])
        learner.optimizer.load_state_dict(held["optimizer"])
        learner.schedule.load_state_dict(held["schedule"])
        return State(**held["state"])

    def keep(self, state: State, learner: Learner, *, seconds: float) -> None:
        """Write the checkpoint, whole or not at all, and a line of the log."""
        if self._checkpoint is None or self._log is None:
            return
        unfinished = self._checkpoint.with_suffix(f".{os.getpid()}.part")
        torch.save(
            {
                "identity": self._identity,
                "network": learner.network.state_dict(),
                "optimizer": learner.optimizer.state_dict(),
                "schedule": learner.schedule.state_dict(),
                "state": asdict(state),
            },
            unfinished,
        )
        unfinished.replace(self._checkpoint)
        self._line(state, seconds, rate=float(learner.schedule.get_last_lr()[0]))

    def _line(self, state: State, seconds: float, *, rate: float) -> None:
        assert self._log is not None  # noqa: S101 (keep asked)
        epochs = len(state.losses)
        with self._log.open("w" if epochs == 1 else "a", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            if epochs == 1:
                table.writerow(("epoch", "loss", "validation", "best_epoch", "rate", "seconds"))
            loss, value = f"{state.losses[-1]:.6g}", f"{state.validation[-1]:.6g}"
            table.writerow((epochs, loss, value, state.best_epoch + 1, f"{rate:.3g}", f"{seconds:.1f}"))
