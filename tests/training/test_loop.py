import csv
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from screening.errors import ConfigurationError
from training.loop import Plan, fit


class Line:
    """Learns y = 3 x, with dropout, so that a resumed run must restore every source of randomness."""

    steps = 5

    def __init__(self, values: list[float] | None = None, stop_after: int | None = None) -> None:
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self._values, self._stop_after = values, stop_after
        self.epochs_run = 0

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        if epoch == self._stop_after:
            raise KeyboardInterrupt
        self.epochs_run += 1
        for _ in range(self.steps):
            x = torch.randn(16, 1, generator=generator)
            yield x, 3 * x

    def loss(self, batch: tuple[Tensor, Tensor], device: torch.device) -> Tensor:
        x, y = batch
        return nn.functional.mse_loss(self.network(x.to(device)), y.to(device))

    def validate(self, device: torch.device) -> float:
        assert not self.network.training
        if self._values is not None:
            return self._values[self.epochs_run - 1]
        x = torch.linspace(-1, 1, 9)[:, None].to(device)
        with torch.no_grad():
            return float(nn.functional.mse_loss(self.network(x), 3 * x))


PLAN = Plan(epochs=6, peak_rate=0.05)


def _weights(line: Line) -> Tensor:
    return torch.cat([value.flatten() for value in line.network.state_dict().values()])


def test_it_learns_and_keeps_the_best_epoch() -> None:
    line = Line()
    steps: list[tuple[str, int, int]] = []
    history = fit(line, PLAN, seed=1, stage="line", progress=lambda *seen: steps.append(seen))
    assert min(history.validation) < 0.3 * history.validation[0]
    assert line.validate(torch.device("cpu")) == pytest.approx(min(history.validation))
    assert history.validation[history.best_epoch] == min(history.validation)
    assert steps[0] == ("line", 1, 30)
    assert steps[-1] == ("line", 30, 30)
    assert not line.network.training


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    lines = [Line(), Line(), Line()]
    for line, seed in zip(lines, (1, 1, 2), strict=True):
        fit(line, PLAN, seed=seed)
    assert torch.equal(_weights(lines[0]), _weights(lines[1]))
    assert not torch.equal(_weights(lines[0]), _weights(lines[2]))


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole, broken, resumed = Line(), Line(stop_after=3), Line()
    expected = fit(whole, PLAN, seed=1, folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(broken, PLAN, seed=1, folder=tmp_path / "broken")
    history = fit(resumed, PLAN, seed=1, folder=tmp_path / "broken")
    assert (broken.epochs_run, resumed.epochs_run) == (3, 3)
    assert history == expected
    assert torch.equal(_weights(whole), _weights(resumed))
    again = Line()
    assert fit(again, PLAN, seed=1, folder=tmp_path / "broken") == expected
    assert again.epochs_run == 0
    logs = [(tmp_path / name / "train.csv").read_text(encoding="utf-8") for name in ("whole", "broken")]
    rows = [[row[:5] for row in csv.reader(log.splitlines())] for log in logs]  # the seconds differ
    assert rows[0] == rows[1]
    assert [row[0] for row in rows[0]] == ["epoch", "1", "2", "3", "4", "5", "6"]


def test_it_stops_when_nothing_gets_better() -> None:
    line = Line(values=[5.0, 4.0, 4.5, 4.2, 1.0, 0.5])
    history = fit(line, Plan(epochs=6, peak_rate=0.01, patience=2), seed=0)
    assert history.validation == (5.0, 4.0, 4.5, 4.2)
    assert history.best_epoch == 1


def test_without_validation_the_last_weights_stay() -> None:
    history = fit(Line(values=[math.nan] * 6), PLAN, seed=0)
    assert history.best_epoch == 5


def test_another_trainings_checkpoint_is_refused(tmp_path: Path) -> None:
    fit(Line(), PLAN, seed=1, folder=tmp_path, identity="tiny")
    for seed, identity in ((2, "tiny"), (1, "small")):
        with pytest.raises(ConfigurationError, match="another training"):
            fit(Line(), PLAN, seed=seed, folder=tmp_path, identity=identity)


def test_a_loss_without_a_value_ends_it() -> None:
    line = Line()
    nn.init.constant_(next(line.network.parameters()), math.inf)
    with pytest.raises(FloatingPointError, match="epoch 1"):
        fit(line, PLAN, seed=0)
