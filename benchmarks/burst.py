"""What a ward round does to a node: 300 radiographs and 20 CTs within five minutes, beside a plain script.

`python -m benchmarks.burst`: the studies come in a random order, sent by four modalities, to a node with one worker.
The script reads the same files and calls the same models one after the other, without a node around them, and makes no
report. `--share 0.1` takes a tenth of the studies and of the time.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from benchmarks.clinical import RADIOGRAPHS, SCANS, ClinicalStudies
from benchmarks.figures import machine, percentile
from benchmarks.shipped_node import EMBEDDED, PRODUCTION, ShippedNode, running
from db import timeline
from db.tables import DeliveryRow, InstanceRow, JobRow
from tests.acceptance.node import wait_for

SECONDS = 300.0
MIX = Counter({**dict.fromkeys(RADIOGRAPHS, 100), **dict.fromkeys(SCANS, 10)})
"""Studies by the model that they are meant for."""
MODALITIES = 4  # that send at the same time
PATIENCE_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Burst:
    """What came of one."""

    studies: int
    sending_seconds: float
    last_result_seconds: float  #: from the first image received to the last result stored in the PACS
    queue_seconds: list[float]  #: from a job's opening to its claim
    refused: int  #: objects and associations
    results: Counter[str]  #: jobs by state

    @property
    def line(self) -> str:
        """Of the table."""
        waits = " / ".join(f"{percentile(self.queue_seconds, share):.1f}" for share in (0.5, 0.95))
        return (
            f"{self.studies} | {self.sending_seconds:.0f} | {self.last_result_seconds:.0f} | {waits} | {self.refused} |"
            f" {', '.join(f'{number} {state}' for state, number in sorted(self.results.items()))}"
        )


def due(mix: Mapping[str, int], seconds: float, seed: int = 0) -> list[tuple[float, str]]:
    """Moment and kind of each study: a random order, evenly spread over the time."""
    rng = np.random.default_rng(seed)
    kinds = rng.permutation([kind for kind, count in mix.items() for _ in range(count)])
    return [(seconds * number / len(kinds), str(kind)) for number, kind in enumerate(kinds)]


def send_all(node: ShippedNode, templates: ClinicalStudies, folder: Path, plan: Sequence[tuple[float, str]]) -> int:
    """Send each study when its time has come; the number of images. Raises what a sender raised."""
    begin = time.monotonic()

    def one(number: int, kind: str) -> int:
        paths = templates.copy(kind, number, folder / str(number))
        node.receive(paths)
        for path in paths:
            path.unlink()
        return len(paths)

    sent = []
    with ThreadPoolExecutor(MODALITIES) as modalities:
        for number, (moment, kind) in enumerate(plan):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            sent.append(modalities.submit(one, number, kind))
    return sum(future.result() for future in sent)


def burst(node: ShippedNode, templates: ClinicalStudies, folder: Path, plan: Sequence[tuple[float, str]]) -> Burst:
    """Send, wait until everything is done, look."""
    begin = time.monotonic()
    images = send_all(node, templates, folder, plan)
    sending = time.monotonic() - begin
    wait_for("everything done", lambda: _done(node, images), PATIENCE_SECONDS, every=2)
    with node.session() as session:
        first = _moment(session.scalar(select(func.min(InstanceRow.received_at))))
        last = _moment(session.scalar(select(func.max(DeliveryRow.sent_at))))
        jobs = session.scalars(select(JobRow)).all()
        spans = [timeline.of_job(session, job.id, quiet_seconds=node.quiet_seconds) for job in jobs]
    counts = node.counts()
    return Burst(
        studies=len(plan),
        sending_seconds=sending,
        last_result_seconds=(last - first).total_seconds(),
        queue_seconds=[span.seconds for one in spans for span in one if span.name == "queue"],
        refused=sum(counts["refused_by_status"].values()) + counts["associations"]["refused"],
        results=Counter(job.state for job in jobs),
    )


def _done(node: ShippedNode, images: int) -> bool:
    """Whether every model has decided on every study, and what came of it is in the PACS."""
    counts = node.counts()
    if sum(counts["instances"].values()) < images or counts["instances"]["received"]:
        return False
    if sum(counts["decisions"].values()) < counts["studies"] * len(node.models):
        return False
    unsent = sum(states[state] for states in counts["deliveries"].values() for state in ("pending", "sending"))
    return not unsent and not any(counts["jobs"][state] for state in ("ready", "claimed", "retry_wait"))


def _moment(found: datetime | None) -> datetime:
    if found is None:
        raise RuntimeError("nothing was received, or nothing sent")
    return found


def plain(templates: ClinicalStudies, plan: Sequence[tuple[float, str]]) -> float:
    """Seconds of the script for the same studies, in a process of its own; models are loaded before."""
    command = [sys.executable, "-m", "benchmarks.plain_script", str(templates.folder), *(kind for _, kind in plan)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.burst", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the studies and of the time")
    parser.add_argument("--mode", choices=(EMBEDDED, PRODUCTION), default=PRODUCTION)
    options = parser.parse_args()
    mix = {kind: max(1, round(count * options.share)) for kind, count in MIX.items()}
    plan = due(mix, SECONDS * options.share)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="burst-") as name:  # a disk, as /tmp may be memory
        folder = Path(name)
        templates = ClinicalStudies(folder / "templates")
        script = plain(templates, plan)
        with running(folder / options.mode, options.mode) as node:
            found = burst(node, templates, folder / "sent", plan)
    print(f"\n{', '.join(f'{count} {kind}' for kind, count in mix.items())}; {options.mode}, one worker\n")
    print("| | studies | sent within, s | last result, s | in the queue, s, 50 % / 95 % | refused | jobs |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(f"| node | {found.line} |")
    print(f"| plain script | {len(plan)} | | {script:.0f} | | | |")
    print(f"\nTimes the script's: {found.last_result_seconds / script:.2f}")


if __name__ == "__main__":
    main()
