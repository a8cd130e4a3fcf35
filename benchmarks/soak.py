"""A node at work for an hour under twice a busy department's load: what its processes hold, and what it leaves behind.

`python -m benchmarks.soak --minutes 60 --mode production --write docs/soak.md`. The shipped models screen simulated
studies (`benchmarks/soak_traffic.py`); the PACS is the double of the fault matrix. At the end everything must have been
screened and delivered, nothing that was acknowledged may be lost, and no result may be there twice.
"""

import argparse
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.soak_page import Soak, report, write
from benchmarks.soak_samples import Sample, Sampler
from benchmarks.soak_traffic import Arrival, Templates, arrivals
from dicom_node.standin_pacs import Script
from models import registry
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.sending import as_destination
from tests.faults.bench import PRODUCTION, Bench, FaultyNode, Servers
from tests.faults.double import RecordingPacs
from tests.faults.oracle import judge, unfinished

SAMPLE_SECONDS = 15.0
MODALITIES = 4  # that send at the same time
AFTERWARDS_SECONDS = 1800.0


@dataclass
class SoakNode(FaultyNode):
    """The product as it is, with the models that are shipped; no fault can be injected."""

    module = "worker"
    minimum_free_mb = 1024

    def _models(self) -> str:
        return "\n".join(f'[models.{name}]\nenabled = true\nwhen = "always"' for name in registry.names())

    def _environment(self) -> dict[str, str]:
        return NodeUnderTest._environment(self)


@dataclass
class Department:
    """Modalities that send studies when their time has come."""

    made: Bench
    templates: Templates
    folder: Path
    images: int = 0
    late_seconds: list[float] = field(default_factory=list)  #: from when a study was due to its last acknowledgement
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_all(self, due: list[Arrival]) -> None:
        """Send every study at its time; returns when the last is acknowledged. Raises what a sender raised."""
        begin = time.monotonic()
        sent: list[Future[None]] = []
        with ThreadPoolExecutor(MODALITIES) as modalities:
            for number, arrival in enumerate(due):
                time.sleep(max(0.0, begin + arrival.seconds - time.monotonic()))
                sent.append(modalities.submit(self._send, number, arrival, begin))
        for future in sent:
            future.result()

    def _send(self, number: int, arrival: Arrival, begin: float) -> None:
        paths = self.templates.copy(arrival.kind, number, self.folder / str(number))
        self.made.send_until_stored(*paths)
        for path in paths:
            path.unlink()
        with self._lock:
            self.images += len(paths)
            self.late_seconds.append(time.monotonic() - begin - arrival.seconds)


def soak(folder: Path, mode: str, minutes: float, images_per_second: float) -> Soak:
    """Run one node for so long and until its work is done."""
    with ExitStack() as stack:
        made = _bench(folder, mode, Servers(folder=folder, stack=stack), stack)
        templates = Templates(folder / "templates")
        department = Department(made, templates, folder / "sent")
        sampler = stack.enter_context(Sampler(made, SAMPLE_SECONDS))
        begin = time.monotonic()
        department.send_all(list(arrivals(minutes, images_per_second, templates)))
        sending = time.monotonic() - begin
        wait_for("everything done", lambda: _done(made.node, department.images), AFTERWARDS_SECONDS)
        afterwards = time.monotonic() - begin - sending
        return Soak(
            mode=mode,
            sending_seconds=sending,
            afterwards_seconds=afterwards,
            images=department.images,
            studies=len(department.late_seconds),
            slowest_send_seconds=max(department.late_seconds),
            verdict=judge(made),
            unfinished=unfinished(made) + [f"{role} ended" for role in made.node.processes if made.dead(role)],
            samples=_of_the_load(sampler.samples, sending),
        )


def _done(node: NodeUnderTest, images: int) -> bool:
    """Whether every model has decided on every study, and what came of it is done."""
    counts = node.counts()
    decided = sum(counts["decisions"].values()) >= counts["studies"] * len(registry.names())
    return decided and node.settled(received=images)


def _of_the_load(samples: list[Sample], seconds: float) -> list[Sample]:
    return [sample for sample in samples if sample.seconds <= seconds]


def _bench(folder: Path, mode: str, servers: Servers, stack: ExitStack) -> Bench:
    pacs = RecordingPacs(folder / "pacs")
    port = pacs.start()
    stack.callback(pacs.stop)
    redis = servers.redis() if mode == PRODUCTION else None
    node = SoakNode(
        folder=folder / "node",
        destination=("STANDIN", port),
        quiet_seconds=20,
        commitment="storage-commitment",
        database_url=servers.postgres().database() if mode == PRODUCTION else None,
        broker_url=redis.url if redis is not None else None,
    )
    pacs.follow(Script(report_to=as_destination(node)))
    stack.callback(node.stop)
    node.start()
    return Bench(node=node, pacs=pacs, redis=redis)


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3.0, help="images a second, on average")
    parser.add_argument("--mode", choices=("embedded", "production"), default="production")
    parser.add_argument("--write", type=Path, help="the page; its picture lies beside it, with the same name and .png")
    options = parser.parse_args()
    if options.minutes * 60 < 6 * SAMPLE_SECONDS:
        parser.error(f"--minutes must be {6 * SAMPLE_SECONDS / 60:g} or more, for two samples of each third")
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="soak-") as folder:  # a disk, as /tmp may be memory
        result = soak(Path(folder), options.mode, options.minutes, options.rate)
    print(report(result))
    if options.write:
        write(options.write, result)
    sys.exit(0 if result.good else 1)


if __name__ == "__main__":
    main()
