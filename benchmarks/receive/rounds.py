"""Rounds in which every receiver takes the same workload, in an order drawn anew; ratios are taken inside a round."""

import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.receive.receivers import Receiver
from benchmarks.receive.workloads import Workload, write

_SECONDS = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One receiver, one workload, once."""

    workload: str
    receiver: str
    round: int
    instances: int
    seconds: float
    milliseconds: list[float]  #: of each object, from its request (with `alone`: from the connection) to its response
    processor_seconds: float  #: of the receiver
    load: float  #: of the machine before it began

    @property
    def per_second(self) -> float:
        """Objects per second."""
        return self.instances / self.seconds


def rounds(
    workloads: Sequence[Workload], receivers: Sequence[Receiver], folder: Path, count: int, seed: int = 0
) -> Iterator[Run]:
    """Measure. Raises RuntimeError if one object was not answered with Success."""
    rng = random.Random(seed)  # noqa: S311 (an order, no secret)
    for workload in workloads:
        shares = write(workload, folder / "images")
        for number in range(count):
            for receiver in rng.sample(receivers, len(receivers)):
                os.sync()  # what an earlier run left to be written shall not slow this one
                yield _run(workload, receiver, shares, folder / "store", number)


def _run(workload: Workload, receiver: Receiver, shares: list[Path], store: Path, number: int) -> Run:
    load = os.getloadavg()[0]
    with receiver.running(store) as running:
        before = running.processor_seconds()
        command = [sys.executable, "-m", "benchmarks.receive.sender", str(running.port), *map(str, shares)]
        sent = subprocess.run(
            [*command, "--alone"] if workload.alone else command, capture_output=True, check=True, timeout=_SECONDS
        )
        used = running.processor_seconds() - before
    answer = json.loads(sent.stdout)
    if answer["failed"] or len(answer["milliseconds"]) != workload.instances:
        raise RuntimeError(f"{receiver.name}, {workload.name}: {answer['failed'][:3]}")
    return Run(
        workload=workload.name, receiver=receiver.name, round=number, instances=workload.instances,
        seconds=answer["seconds"], milliseconds=answer["milliseconds"], processor_seconds=used, load=load,
    )  # fmt: skip


def ratios(runs: Sequence[Run], workload: str, receiver: str, other: str) -> list[float]:
    """How many times as fast a receiver was as another, for each round."""
    speed = {(run.receiver, run.round): run.per_second for run in runs if run.workload == workload}
    numbers = sorted(number for name, number in speed if name == receiver and (other, number) in speed)
    return [speed[receiver, number] / speed[other, number] for number in numbers]


def median_and_range(values: Sequence[float], digits: int = 2) -> str:
    """A median with the least and the largest value."""
    if not values:
        return "-"
    middle, least, largest = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least} to {largest})"
