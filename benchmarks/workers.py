"""What a second worker is good for: the same queue of radiographs, worked off by one, two and four processes.

`python -m benchmarks.workers`: PostgreSQL and Redis, one thread each. The workers are warm when the jobs are opened,
and no result is sent: the clock runs from the first claim to the last stored result.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from benchmarks.clinical import RADIOGRAPHS, ClinicalStudies
from benchmarks.figures import machine
from benchmarks.shipped_node import PRODUCTION, ShippedNode, running
from db.tables import JobEventRow
from tests.acceptance.node import wait_for

WORKERS = (1, 2, 4)
PATIENCE_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Of so many workers."""

    workers: int
    jobs: int
    seconds: float  #: from the first claim to the last stored result
    claims: int  #: more than jobs: one was run twice
    results: int

    @property
    def a_minute(self) -> float:
        """Jobs."""
        return 60 * self.jobs / self.seconds


def measure(folder: Path, templates: ClinicalStudies, kinds: Sequence[str], workers: int, jobs: int) -> Throughput:
    """Receive everything, then let the workers begin."""
    with running(folder, PRODUCTION, workers=workers, models=kinds, hold=True) as node:
        node.kill("reconciler")  # nothing is indexed, and no job opened, before everything is there
        for number in range(jobs):
            paths = templates.copy(kinds[number % len(kinds)], number, folder / "sent" / str(number))
            node.receive(paths)
            for path in paths:
                path.unlink()
        node.start("reconciler")
        wait_for("every job done", lambda: node.counts()["jobs"]["inferred"] >= jobs, PATIENCE_SECONDS, every=0.5)
        return _look(node, workers, jobs)


def _look(node: ShippedNode, workers: int, jobs: int) -> Throughput:
    with node.session() as session:
        rows = session.execute(select(JobEventRow.to_state, JobEventRow.at).where(JobEventRow.delivery_id.is_(None)))
        events = [(str(state), at) for state, at in rows]
    states = Counter(state for state, _ in events)
    begun = min(at for state, at in events if state == "claimed")
    ended = max(at for state, at in events if state == "inferred")
    return Throughput(
        workers=workers, jobs=jobs, seconds=(ended - begun).total_seconds(), claims=states["claimed"],
        results=states["inferred"],
    )  # fmt: skip


def table(found: Sequence[Throughput]) -> str:
    """A line for each number of workers, compared with the first."""
    lines = ["| workers | jobs | claims | results | s | jobs a minute | times the first |", "| --- |" + " --- |" * 6]
    for one in found:
        ratio = one.a_minute / found[0].a_minute
        lines.append(
            f"| {one.workers} | {one.jobs} | {one.claims} | {one.results} | {one.seconds:.1f} | {one.a_minute:.0f} |"
            f" {ratio:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--jobs", type=int, default=90)
    options = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="workers-") as name:  # a disk, as /tmp may be memory
        folder = Path(name)
        templates = ClinicalStudies(folder / "templates", scans=False)
        kinds = tuple(RADIOGRAPHS)
        found = [measure(folder / str(n), templates, kinds, n, options.jobs) for n in WORKERS]
    print(f"\n{table(found)}")


if __name__ == "__main__":
    main()
