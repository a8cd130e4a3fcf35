"""What a training is asked for and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.cohorts.table import BadRow

Progress = Callable[[str, int, int], None]  #: (stage, done, total)


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """One training."""

    tier: str  #: "tiny" (minutes on two cores), "small" (under an hour) or "reference" (a GPU)
    out: Path  #: a folder for out/bundle, checkpoints and logs (out/run), and simulated patients (out/cohorts)
    seed: int = 0  #: of the weights' initial values, the order of patients and the simulated patients themselves
    device: str = "cpu"  #: "auto", "cpu" or "cuda"
    workers: int = 1  #: processes that draw phantoms; the result does not depend on it
    progress: Progress = silent
    cohort: Path | None = None  #: a site's own patients as a table; None: simulated ones
    patients: int | None = None  #: simulated patients to train on; None: what the tier says
    folds: int = 5  #: into which a site's patients are dealt out
    fold: int = 0  #: that is tested on; the next one is validated on
    frontal: Path | None = None  #: folder of real frontal radiographs (JPEG, PNG) that teach the gate beside phantoms


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What came out."""

    model_name: str
    tier: str
    seed: int
    bundle: Path  #: the folder to import as the model's bundle
    history: tuple[float, ...]  #: mean training loss of each epoch
    metrics: Mapping[str, float]  #: on patients that training never saw; also in bundle/docs/results.json
    bad: tuple[BadRow, ...] = ()  #: rows of the site's table that were left out
