"""How fast the networks of the shipped models answer: torch as it is, torch channels last, OpenVINO.

`python -m benchmarks.inference` runs each network on one input by every way in turn, in rounds whose order is drawn
anew, then whole runs of each model on a simulated image, and says how long a model takes to be ready. Ratios are taken
inside a round. `--beside 2` lets two busy processes run meanwhile. The answers must be those of torch.
"""

import argparse
import copy
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import torch

from benchmarks.receive.rounds import median_and_range
from models import registry
from models.contract import ScreeningModel
from models.engines.cache import Cache
from models.engines.compiling import compile_part
from models.engines.engine import Engine, Part
from models.engines.openvino_engine import OpenVinoEngine
from models.engines.openvino_import import version
from models.engines.torch_engine import lay_out
from screening.types import ClinicalContext
from tests.models.engines.pictures import PICTURES

TORCH, LAST, OPENVINO = "torch", "channels last", "OpenVINO"
WAYS = (TORCH, LAST, OPENVINO)
_WARM = 2  # passes before anything is counted: kernels are made in the first
_BUSY = "while True: pass"


@dataclass(frozen=True, slots=True)
class Took:
    """One answer. Milliseconds."""

    wall: float
    processor: float  #: over all threads


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What a model takes until it can answer. Seconds."""

    model: str
    torch: float  #: read and checked, run by torch
    compiled: float  #: compiled for OpenVINO, once for a set of weights
    openvino: float  #: what was compiled read and handed over, on top of `torch`


def timed(work: Callable[[], object]) -> Took:
    """How long it takes."""
    processor, wall = time.process_time(), time.perf_counter()
    work()
    return Took(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - processor))


def rounds(ways: Mapping[str, Callable[[], object]], count: int, seed: int = 0) -> dict[str, list[Took]]:
    """Each way once a round, in an order drawn anew."""
    rng = random.Random(seed)  # noqa: S311 (an order, no secret)
    for work in ways.values():
        for _ in range(_WARM):
            work()
    took: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(count):
        for name in rng.sample(list(ways), len(ways)):
            took[name].append(timed(ways[name]))
    return took


def ready(name: str, cache: Cache, threads: int) -> tuple[ScreeningModel, Ready]:
    """A model that OpenVINO runs, and what that took."""
    begun = time.perf_counter()
    model = registry.load(name, device="cpu", threads=threads)
    loaded = time.perf_counter()
    cache.write(name, registry.config_digest(name), {p.name: compile_part(p, threads=threads) for p in model.parts()})
    compiled = time.perf_counter()
    found = cache.read(name, registry.config_digest(name))
    engine: Engine = OpenVinoEngine(found or {}, threads=threads)
    engine.take(model.parts())
    taken = time.perf_counter()
    return model, Ready(model=name, torch=loaded - begun, compiled=compiled - loaded, openvino=taken - compiled)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One network by every way."""

    part: Part
    took: Mapping[str, Sequence[Took]]
    off: float  #: OpenVINO's answer from torch's, as a share of the largest value


def compare(part: Part, taken: Part, count: int) -> Compared:
    """A network on one input; taken: the same, run by OpenVINO."""
    x = torch.randn(part.shape, generator=torch.Generator().manual_seed(0))
    last = copy.deepcopy(part.network)
    lay_out(last, axes=x.ndim, half=None)
    ways = {TORCH: partial(part.network, x), LAST: partial(last, x), OPENVINO: partial(taken.network, x)}
    with torch.inference_mode():
        wanted, found = ways[TORCH](), ways[OPENVINO]()
        took = rounds(ways, count)
    return Compared(part=part, took=took, off=float((found - wanted).abs().max() / wanted.abs().max()))


def runs(plain: ScreeningModel, taken: ScreeningModel, count: int) -> dict[str, list[Took]]:
    """Whole runs on a simulated image: preparing, gates, networks, findings; no decoding and no report."""
    image, patient = PICTURES[plain.card.name]()
    models = {TORCH: plain, OPENVINO: taken}
    nothing = ClinicalContext()
    return rounds({name: partial(model.predict, image, patient, nothing) for name, model in models.items()}, count)


def ratios(took: Mapping[str, Sequence[Took]], way: str, of: Callable[[Took], float]) -> list[float]:
    """How many times as fast as torch a way was, for each round."""
    return [of(theirs) / of(ours) for theirs, ours in zip(took[TORCH], took[way], strict=True)]


def row(first: Sequence[str], took: Mapping[str, Sequence[Took]], *further: str) -> str:
    """Medians of milliseconds, and ratios of walls and of processor time."""
    cells = [*first, *(f"{median(one.wall for one in took[way]):.1f}" for way in WAYS if way in took)]
    cells.append(median_and_range(ratios(took, OPENVINO, lambda one: one.wall), 1))
    cells.append(median_and_range(ratios(took, OPENVINO, lambda one: one.processor), 1))
    return f"| {' | '.join((*cells, *further))} |"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing but turn, for the length of the block."""
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _BUSY]))
            stack.callback(process.kill)
        yield


def report(names: Sequence[str], threads: int, count: int, beside: int) -> Iterator[str]:
    """The tables, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        taken = {name: ready(name, cache, threads) for name in names}
    plain = {name: registry.load(name, device="cpu", threads=threads) for name in names}
    with busy(beside):
        yield "| network | input | torch, ms | channels last, ms | OpenVINO, ms | times as fast | CPU time | off by |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        for name in names:
            for part, other in zip(plain[name].parts(), taken[name][0].parts(), strict=True):
                found = compare(part, other, count)
                first = (f"`{name}` {part.name}", " x ".join(map(str, part.shape)))
                yield row(first, found.took, f"{found.off:.0e}")
        yield ""
        yield "| whole run of | torch, ms | OpenVINO, ms | times as fast | CPU time |"
        yield "| --- | --- | --- | --- | --- |"
        for name in names:
            yield row((f"`{name}`",), runs(plain[name], taken[name][0], max(3, count // 3)))
    yield ""
    yield "| model | loaded, torch, s | compiled, once, s | handed to OpenVINO, s |"
    yield "| --- | --- | --- | --- |"
    for name in names:
        took = taken[name][1]
        yield f"| `{name}` | {took.torch:.2f} | {took.compiled:.1f} | {took.openvino:.2f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--beside", type=int, default=0, help="busy processes beside it")
    parser.add_argument("--model", nargs="*", default=registry.names())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    load = os.getloadavg()[0]
    print(
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; {options.threads} threads, {options.rounds} rounds,"
        f" {options.beside} busy processes beside, load {load:.1f} before, torch {torch.__version__.split('+')[0]},"
        f" OpenVINO {version()}\n"
    )
    for line in report(options.model, options.threads, options.rounds, options.beside):
        print(line, flush=True)


if __name__ == "__main__":
    main()
