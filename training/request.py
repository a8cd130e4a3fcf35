"""What a training is asked for and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str, int, int], None]  #: (stage, done, total)


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """One training."""

    tier: str
    out: Path  #: a folder; the bundle is written to out/bundle, simulated patients are kept in out/cohorts
    seed: int
    device: str
    workers: int
    progress: Progress
    frontal: Path | None = None  #: folder of real frontal radiographs that teach the gate beside phantoms


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What came out."""

    model_name: str
    tier: str
    seed: int
    bundle: Path  #: the folder to import as the model's bundle
    history: tuple[float, ...]  #: mean training loss of each epoch
    metrics: Mapping[str, float]  #: held-out simulated patients; also in bundle/docs/results.json
