"""Where the time of a study goes in a node, and what of it is the node's own: everything but decoding and networks.

`python -m benchmarks.overhead`: studies of clinical size come to a whole node one by one, and the next when the results
of the last are stored in the PACS double. The overhead is from the moment at which a study is quiet until then, less
decoding and the time in networks.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread

from benchmarks.clinical import RADIOGRAPHS, SCANS, ClinicalStudies
from benchmarks.figures import machine, percentile
from benchmarks.shipped_node import EMBEDDED, PRODUCTION, ShippedNode, running
from db.timeline import Span
from tests.acceptance.node import wait_for

NOT_OURS = ("decode", "network")
BEFORE = ("receive", "quiet")  # a study: it is not yet time to look at it
STAGES = (
    "intake", "queue", "request", "start", "load", "wait", "predict", "report", "transfer", "store", "deliver", "send",
)  # fmt: skip
"""What the overhead is made of, in the order of a timeline."""
PATIENCE_SECONDS = 300.0
CLASSES = {**dict.fromkeys(RADIOGRAPHS, 0.5), **dict.fromkeys(SCANS, 2.0)}
"""Seconds that are meant to be enough, by the model."""


@dataclass
class Studies:
    """What the stages of one model's studies took, seconds: a row for each study, the first one after a start apart."""

    first: Mapping[str, float] = field(default_factory=dict)
    others: list[Mapping[str, float]] = field(default_factory=list)

    def add(self, spans: Iterable[Span]) -> None:
        """One study more."""
        seconds = {span.name: span.seconds for span in spans if span.name not in BEFORE}
        if self.first:
            self.others.append(seconds)
        else:
            self.first = seconds

    def of(self, stage: str) -> list[float]:
        """Of each study; a stage that there was not took no time."""
        return [seconds.get(stage, 0.0) for seconds in self.others]

    @property
    def overhead(self) -> list[float]:
        """Of each study."""
        return [overhead(seconds) for seconds in self.others]


def overhead(seconds: Mapping[str, float]) -> float:
    """Of one study, by the seconds of its stages. Raises ValueError for a stage that nobody knows where to count."""
    unknown = sorted(set(seconds) - {*STAGES, *NOT_OURS})
    if unknown:
        raise ValueError(f"stages must be of {', '.join((*STAGES, *NOT_OURS))}, got {', '.join(unknown)}")
    return sum(value for name, value in seconds.items() if name in STAGES)


def measure(
    node: ShippedNode, templates: ClinicalStudies, folder: Path, wanted: Mapping[str, int]
) -> dict[str, Studies]:
    """One study after the other, as many of each model as wanted, the models in turn."""
    found = {model: Studies() for model in wanted}
    for number in range(max(wanted.values())):
        for index, model in enumerate(model for model, count in wanted.items() if number < count):
            paths = templates.copy(model, 100 * number + index, folder / f"{number}-{model}")
            study = str(dcmread(paths[0], specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
            node.receive(paths)
            for path in paths:
                path.unlink()
            found[model].add(
                wait_for(f"{model} delivered", lambda: node.delivered(study, model), PATIENCE_SECONDS, every=0.25)  # noqa: B023 (called within the round)
            )
    return found


def table(found: Mapping[str, Studies]) -> str:
    """Seconds of each stage, median and 95 %, a column for each model."""
    lines = [
        "| seconds, median (95 %) | " + " | ".join(found) + " |",
        "| --- |" + " --- |" * len(found),
        "| studies | " + " | ".join(str(len(studies.others)) for studies in found.values()) + " |",
    ]
    for stage in (*STAGES, *NOT_OURS):
        cells = [_cell(studies.of(stage)) for studies in found.values()]
        lines.append(f"| {stage}{' (not counted)' if stage in NOT_OURS else ''} | {' | '.join(cells)} |")
    lines.append("| **overhead** | " + " | ".join(f"**{_cell(s.overhead)}**" for s in found.values()) + " |")
    lines.append("| meant: at most | " + " | ".join(f"{CLASSES[model]:g}" for model in found) + " |")
    firsts = " | ".join(f"{overhead(studies.first):.2f}" for studies in found.values())
    return "\n".join([*lines, f"| overhead of the first after a start | {firsts} |"])


def _cell(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({percentile(values, 0.95):.3f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--radiographs", type=int, default=21, help="studies of each model of radiographs")
    parser.add_argument("--scans", type=int, default=8, help="CTs of each model")
    parser.add_argument("--mode", choices=(EMBEDDED, PRODUCTION), action="append", help="default: one after the other")
    parser.add_argument("--only", help="models, e.g. cap_mortality_cxr,bone_muscle_ct")
    options = parser.parse_args()
    if min(options.radiographs, options.scans) < 2:
        parser.error("two studies of each model at least: the first is told apart")
    wanted = {**dict.fromkeys(RADIOGRAPHS, options.radiographs), **dict.fromkeys(SCANS, options.scans)}
    if options.only:
        wanted = {model: wanted[model] for model in options.only.split(",")}
    print(machine())
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="overhead-") as name:  # a disk, as /tmp may be memory
        folder = Path(name)
        templates = ClinicalStudies(folder / "templates")
        for mode in options.mode or (PRODUCTION, EMBEDDED):
            with running(folder / mode, mode) as node:
                found = measure(node, templates, folder / mode / "sent", wanted)
            print(f"\n**{mode}**\n\n{table(found)}", flush=True)


if __name__ == "__main__":
    main()
