"""What it is good for that radiographs go through the child together: one at a time against two and four at once.

`python -m benchmarks.together`: a worker's child with the shipped models, as it runs in service, without database and
broker around it. Each way takes the same radiographs once a round, in an order drawn anew; ratios are taken inside a
round. Every object must be the same to the last bit, whichever way it was made: a run in which one differs fails.
`--engine torch` measures torch.
"""

import argparse
import os
import platform
import random
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.clinical import RADIOGRAPHS, ClinicalStudies
from benchmarks.receive.rounds import median_and_range
from models import registry
from screening.settings import EngineChoice, ModelSettings, Settings, WorkerSettings
from worker.request import ScreenRequest
from worker.sandbox.parent import Sandbox
from worker.sandbox.protocol import Answer
from worker.sandbox.warming import Warming
from worker.screen_folder import read_folder, request_of

WAYS = (1, 2, 4)
"""Radiographs at a time."""

Objects = tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Took:
    """One way, one round."""

    jobs: int
    seconds: float
    processor: float  #: seconds of the child, over all threads

    @property
    def per_second(self) -> float:
        """Jobs."""
        return self.jobs / self.seconds


class Differs(RuntimeError):
    """Radiographs that went together gave other bytes than one at a time."""


def measure(
    sandbox: Sandbox, requests: Sequence[ScreenRequest], count: int, ways: Sequence[int] = WAYS, seed: int = 0
) -> dict[int, list[Took]]:
    """Each way once a round. Raises `Differs`, and whatever a radiograph on its own would raise."""
    rng = random.Random(seed)  # noqa: S311 (an order, no secret)
    wanted = [_objects(sandbox.run(request)) for request in requests]  # loads the model, too
    took: dict[int, list[Took]] = {way: [] for way in ways}
    for _ in range(count):
        for way in rng.sample(ways, len(ways)):
            before, begun = _processor_seconds(sandbox), time.perf_counter()
            found = _run(sandbox, requests, way)
            seconds = time.perf_counter() - begun
            used = _processor_seconds(sandbox) - before
            if found != wanted:
                raise Differs(f"{way} at a time gave other objects than one at a time")
            took[way].append(Took(jobs=len(requests), seconds=seconds, processor=used))
    return took


def _run(sandbox: Sandbox, requests: Sequence[ScreenRequest], way: int) -> list[Objects]:
    if way == 1:
        return [_objects(sandbox.run(request)) for request in requests]
    found: dict[int, Objects] = {}
    for first in range(0, len(requests), way):
        batch = requests[first : first + way]
        with closing(sandbox.run_together(batch, cancelled=[threading.Event() for _ in batch])) as answers:
            for number, said in answers:
                if isinstance(said, Exception):
                    raise said
                found[first + number] = _objects(said)
    return [found[number] for number in range(len(requests))]


def _objects(answer: Answer) -> Objects:
    return tuple(item.encoded for item in answer.report.objects)


def _processor_seconds(sandbox: Sandbox) -> float:
    """Of the child until now (proc(5): utime and stime)."""
    fields = Path(f"/proc/{sandbox.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def requests_of(
    templates: ClinicalStudies, name: str, jobs: int, settings: Settings, folder: Path
) -> list[ScreenRequest]:
    """So many patients with a radiograph that the model reads."""
    for number in range(jobs):
        templates.copy(name, number, folder / str(number))
    studies, _ = read_folder(folder)
    found = []
    for study in studies:
        chosen = registry.selector(name)(study).chosen
        if chosen is None:
            raise RuntimeError(f"{name} does not read its own radiograph")
        found.append(request_of(study, name, settings, chosen))
    return found


def table(found: Mapping[str, Mapping[int, Sequence[Took]]]) -> str:
    """A line for each model and way, compared with one at a time in the same round."""
    lines = [
        "| model | at a time | jobs a second | times as many as one at a time | processor seconds for each job |",
        "| --- |" + " --- |" * 4,
    ]
    for name, ways in found.items():
        for way, took in ways.items():
            ratios = [one.per_second / alone.per_second for one, alone in zip(took, ways[1], strict=True)]
            rate, used = median(one.per_second for one in took), median(one.processor / one.jobs for one in took)
            lines.append(f"| `{name}` | {way} | {rate:.2f} | {median_and_range(ratios, 2)} | {used:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.together", description=__doc__)
    parser.add_argument("--jobs", type=int, default=8, help="radiographs for each model")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engine", choices=("openvino", "torch"), default="openvino")
    parser.add_argument("--model", nargs="*", default=list(RADIOGRAPHS))
    options = parser.parse_args()
    engine: EngineChoice = options.engine
    print(
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; {options.threads} threads, {engine}, {options.jobs} radiographs,"
        f" {options.rounds} rounds, load {os.getloadavg()[0]:.1f} before\n",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(
            home=folder / "home",
            worker=WorkerSettings(engine=engine, device="cpu", threads=options.threads),
            models={model: ModelSettings(enabled=True) for model in options.model},
        )
        Warming(settings).run()
        templates, found = ClinicalStudies(folder / "templates", scans=False), {}
        for model in options.model:
            sandbox = Sandbox(settings.worker)
            try:
                requests = requests_of(templates, model, options.jobs, settings, folder / model)
                found[model] = measure(sandbox, requests, options.rounds)
            finally:
                sandbox.close()
    print(table(found))


if __name__ == "__main__":
    main()
