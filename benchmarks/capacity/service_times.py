"""How long a worker is busy with one job: measured once, kept beside this module, drawn from by the simulation.

`python -m benchmarks.capacity.service_times` runs every shipped model on simulated patients and writes the file anew.
"""

import argparse
import json
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import registry
from screening.settings import Settings, WorkerSettings
from training.simulate import SIMULATORS
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder, screen_study

FILE = Path(__file__).with_name("service_times.json")

BOOKKEEPING_SECONDS = 0.15
"""Claim, request to the child, storing the result and ringing for its delivery: on top of each job (docs/scale.md)."""

_95TH = 1.6449  # quantile of the standard normal distribution
_THREADS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceTime:
    """Of one model's jobs, seconds. Drawn from a lognormal distribution with this median and 95th percentile."""

    median: float
    p95: float
    runs: int = 0  #: that were measured

    def __post_init__(self) -> None:
        if not 0 < self.median <= self.p95:
            raise ValueError(f"median must be above 0 and at most p95, got {self.median} and {self.p95}")

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.log(self.p95 / self.median) / _95TH

    @property
    def mean(self) -> float:
        """Of the distribution."""
        return self.median * math.exp(self.sigma**2 / 2)

    def draw(self, rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
        """So many times, seconds."""
        return rng.lognormal(math.log(self.median), self.sigma, count)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """The file."""

    machine: str
    models: Mapping[str, ServiceTime]


def load(path: Path = FILE) -> Measured:
    """Read the file."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Measured(
        machine=values["machine"], models={name: ServiceTime(**item) for name, item in values["models"].items()}
    )


def measure(patients: int, folder: Path) -> Iterator[tuple[str, ServiceTime]]:
    """Run each shipped model over so many simulated patients, in one process that has loaded it."""
    settings, pipeline = Settings(worker=WorkerSettings(threads=_THREADS)), Pipeline(threads=_THREADS)
    for name in registry.names():
        SIMULATORS[name](folder / name, patients + 1, 90_000, lambda: None)
        studies, _ = read_folder(folder / name)
        seconds = []
        for study in studies:
            begin = time.perf_counter()
            (result,) = screen_study(study, settings, [name], pipeline, folder / "out")
            if result["decision"] == "screened":
                seconds.append(time.perf_counter() - begin)
        warm = seconds[1:]  # the first loads the weights
        if not warm:
            raise RuntimeError(f"{name} screened none of {len(studies)} simulated patients but the first")
        yield name, ServiceTime(median=float(np.median(warm)), p95=float(np.percentile(warm, 95)), runs=len(warm))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity.service_times", description=__doc__)
    parser.add_argument("--patients", type=int, default=20, help="simulated ones of each model")
    options = parser.parse_args()
    machine = (
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" {_THREADS} threads, Python {platform.python_version()}"
    )
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, item in measure(options.patients, Path(folder)):
            found[name] = {key: round(value, 2) for key, value in asdict(item).items()}
            print(f"{name}: {found[name]}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    FILE.write_text(json.dumps({"machine": machine, "models": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
