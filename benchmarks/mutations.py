"""Mutated files through indexing, decoding and the report, each in the confined child, counted by what became of them.

Every file must end as a result, as a reason, or with the child's death, which the node answers with quarantine after
`worker.maximum_attempts`. Nothing else may happen: an answer that is none of these ends the run.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import hostile
from benchmarks.mutants import mutate
from benchmarks.mutation_runner import DECODED
from screening.errors import Permanent, SandboxDied
from screening.findings import NotEvaluable
from screening.header import Header
from screening.settings import WorkerSettings
from screening.types import ClinicalContext, Eligible, Instance
from worker.privacy import quiet_libraries
from worker.request import ScreenRequest
from worker.sandbox.parent import Sandbox

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "dicom_samples"
LARGEST_SEED = 600_000  # bytes; a larger file takes longer and shows nothing more
RUNNER = "benchmarks.mutation_runner:Mutated"
QUARANTINE = "quarantine"
UID = "1.2.826.0.1.3680043.10.511.9"


@dataclass
class Tally:
    """What became of how many, and what is worth a look."""

    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    unforeseen: Counter[str] = field(default_factory=Counter)  #: why a child died, why indexing failed

    def add(self, kind: str, outcome: str, detail: str) -> None:
        self.outcomes[outcome] += 1
        self.kinds[kind, outcome] += 1
        if outcome in (QUARANTINE, "indexing-failed"):
            self.unforeseen[detail] += 1

    def markdown(self) -> str:
        """Tables: kinds by outcomes, and what was not foreseen."""
        outcomes = [name for name, _ in self.outcomes.most_common()]
        kinds = sorted({kind for kind, _ in self.kinds})
        lines = [["mutation", *outcomes], ["---", *["--:"] * len(outcomes)]]
        lines += [[kind, *(f"{self.kinds[kind, outcome]:,}" for outcome in outcomes)] for kind in kinds]
        lines.append(["all", *(f"{self.outcomes[outcome]:,}" for outcome in outcomes)])
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n".join([table, "", *(f"- {count} x {what}" for what, count in self.unforeseen.most_common())])


def outcome_of(path: Path, sandbox: Sandbox, *, report: bool) -> tuple[str, str]:
    """What becomes of a file, and why."""
    try:
        outcome = sandbox.run(request_of(path, report=report)).outcome
    except SandboxDied as exc:
        return QUARANTINE, str(exc)
    except Permanent as exc:
        return f"refused: {type(exc).__name__}", str(exc)
    if not isinstance(outcome, NotEvaluable):
        raise TypeError(f"a child answered {outcome!r}")
    return ("result" if outcome.code == DECODED else outcome.code), outcome.reason


def request_of(path: Path, *, report: bool) -> ScreenRequest:
    """A request for a file of which nothing is known yet."""
    instance = Instance(
        sop_class_uid=UID, sop_instance_uid=UID, series_instance_uid=UID, study_instance_uid=UID,
        transfer_syntax_uid=UID, digest="0" * 64, location=path.name, header=Header({}),
    )  # fmt: skip
    return ScreenRequest(
        model_name="report" if report else "pixels", thresholds=(), bundle=None, device="cpu", threads=1,
        instances=(instance,), paths=(path,), context=ClinicalContext(), input_digest="0" * 64,
        config_digest="0" * 64, inferred_at=datetime(2026, 1, 1, tzinfo=UTC),
        chosen=Eligible(series_instance_uid=UID, sop_instance_uids=(UID,), reason="mutated"),
    )  # fmt: skip


def seeds(folder: Path) -> list[Path]:
    """The files that are mutated, sorted."""
    return sorted(path for path in folder.rglob("*.dcm") if path.stat().st_size <= LARGEST_SEED)


def mutants(paths: Sequence[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Mutations of files taken in turn; the same seed gives the same bytes."""
    for number in range(count):
        chance = random.Random(f"{seed} {number}")  # noqa: S311 (no secret)
        yield mutate(paths[number % len(paths)].read_bytes(), chance)


def run(paths: Sequence[Path], *, count: int, seed: int, report_every: int, settings: WorkerSettings) -> Tally:
    """Mutate, read, count."""
    tally, sandbox = Tally(), Sandbox(settings, RUNNER)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mutant.dcm"
            for number, (kind, content) in enumerate(mutants(paths, count, seed)):
                path.write_bytes(content)
                tally.add(kind, *outcome_of(path, sandbox, report=number % report_every == 0))
    finally:
        sandbox.close()
    return tally


def as_they_are(folder: Path, settings: WorkerSettings) -> str:
    """What becomes of each file of a folder, and of each hostile one, unchanged: a table."""
    sandbox = Sandbox(settings, RUNNER)
    lines = ["| file | outcome | reason |", "| --- | --- | --- |"]
    try:
        for path in sorted(folder.rglob("*.dcm")):
            outcome, reason = outcome_of(path, sandbox, report=True)
            lines.append(f"| {path.name} | {outcome} | {reason} |")
        with tempfile.TemporaryDirectory() as made:
            path = Path(made) / "hostile.dcm"
            for name, build in hostile.FILES.items():
                path.write_bytes(build())
                outcome, reason = outcome_of(path, sandbox, report=True)
                lines.append(f"| made: {name} | {outcome} | {reason} |")
    finally:
        sandbox.close()
    return "\n".join(lines)


def main() -> None:
    """Mutate, read, count, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutated files")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations")
    parser.add_argument("--samples", type=Path, default=SAMPLES, help="folder of DICOM files to mutate")
    parser.add_argument("--report-every", type=int, default=10, help="build the report, too, for every so many")
    parser.add_argument("--as-they-are", type=Path, help="a folder of files to read unchanged, instead")
    options = parser.parse_args()
    quiet_libraries()
    settings = WorkerSettings(threads=1, device="cpu", memory_limit_mb=4096, job_timeout_seconds=120)
    if options.as_they_are is not None:
        print(as_they_are(options.as_they_are, settings))
        return
    paths = seeds(options.samples)
    tally = run(paths, count=options.count, seed=options.seed, report_every=options.report_every, settings=settings)
    print(f"{options.count:,} mutations (seed {options.seed}) of {len(paths)} files\n\n{tally.markdown()}")


if __name__ == "__main__":
    main()
