from pathlib import Path

import pytest
import torch
from torch import nn

from training.checkpoint import Checkpoints, Learner, State


def _learner() -> Learner:
    network = nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    return Learner(
        network=network,
        optimizer=optimizer,
        schedule=torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=10),
    )


def test_the_first_of_the_best_epochs_counts() -> None:
    state, learner = State(), _learner()
    for value in (3.0, 1.0, 1.0, 2.0):
        state.note(0.5, value, learner.network)
    assert (state.best_epoch, state.best_value) == (1, 1.0)
    assert not state.ended(epochs=5, patience=0)
    assert not state.ended(epochs=5, patience=3)
    assert state.ended(epochs=5, patience=2)
    assert state.ended(epochs=4, patience=0)


def test_the_best_weights_are_those_of_their_time() -> None:
    state, learner = State(), _learner()
    state.note(0.5, 1.0, learner.network)
    nn.init.zeros_(learner.network.weight)  # type: ignore[arg-type]
    state.note(0.4, 2.0, learner.network)
    assert state.best_weights["weight"].abs().sum() > 0


def test_a_write_that_fails_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints, state, learner = Checkpoints(tmp_path, "train", "a"), State(), _learner()
    state.note(0.5, 1.0, learner.network)
    checkpoints.keep(state, learner, seconds=1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    state.note(0.4, 0.9, learner.network)
    with pytest.raises(OSError, match="No space"):
        checkpoints.keep(state, learner, seconds=1)
    assert checkpoints.resume(_learner()).losses == [0.5]


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoints, state = Checkpoints(None, "train", "a"), State()
    state.note(0.5, 1.0, _learner().network)
    checkpoints.keep(state, _learner(), seconds=1)
    assert checkpoints.resume(_learner()).losses == []
    assert list(tmp_path.iterdir()) == []
