"""What came of a soak: verdict, page and picture."""

import os
import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.soak_samples import Sample
from tests.faults.oracle import Verdict
from training.reporting.drawing import COLOURS, DPI

GROWTH = 1.1
ALLOWANCE = {"memory, MB": 32.0, "open files": 8.0, "threads": 4.0, "write-ahead log, MB": 32.0}
"""Flat is: the median of the last third is at most GROWTH times that of the middle third, plus this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One quantity of one role over the time of the load."""

    what: str
    role: str
    values: Sequence[float]

    def third(self, number: int) -> float:
        """Median of the first (0), middle (1) or last (2) third."""
        share = len(self.values) / 3
        return statistics.median(self.values[round(number * share) : max(round((number + 1) * share), 1)])

    @property
    def flat(self) -> bool:
        """Whether it stopped growing after the first third."""
        return self.third(2) <= GROWTH * self.third(1) + ALLOWANCE[self.what]


@dataclass(frozen=True, kw_only=True)
class Soak:
    """One run."""

    mode: str
    sending_seconds: float
    afterwards_seconds: float  #: from the last acknowledgement until everything was screened and delivered
    images: int
    studies: int
    slowest_send_seconds: float  #: from when a study was due to its last acknowledgement
    verdict: Verdict
    unfinished: list[str]  #: jobs and deliveries that are not done, roles that ended
    samples: list[Sample]

    @property
    def curves(self) -> Iterator[Curve]:
        """Everything that must be flat."""
        for role in self.samples[0].held:
            for what, ask in _HELD.items():
                yield Curve(what=what, role=role, values=[ask(sample, role) for sample in self.samples])
        yield Curve(what="write-ahead log, MB", role="database", values=[s.log_megabytes for s in self.samples])

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice, all done, and all flat."""
        return self.verdict.good and not self.unfinished and all(curve.flat for curve in self.curves)


_HELD: dict[str, Callable[[Sample, str], float]] = {
    "memory, MB": lambda sample, role: sample.held[role].megabytes,
    "open files": lambda sample, role: sample.held[role].files,
    "threads": lambda sample, role: sample.held[role].threads,
}


def report(soak: Soak) -> str:
    """Sentences and a table."""
    verdict, waiting = soak.verdict, [sample.waiting for sample in soak.samples]
    lines = [
        f"{soak.mode}: {soak.images} images of {soak.studies} studies in {soak.sending_seconds / 60:.1f} minutes,"
        f" {soak.images / soak.sending_seconds:.1f} a second. A study was acknowledged at the latest"
        f" {soak.slowest_send_seconds:.1f} s after it was due. {max(waiting)} jobs waited at most; everything was"
        f" screened and delivered {soak.afterwards_seconds:.0f} s after the last image.",
        "",
        f"{verdict.acknowledged} acknowledged, {verdict.lost} lost, {verdict.duplicates} results twice,"
        f" {len(soak.unfinished)} jobs, deliveries or processes did not end well.",
        "",
        "| held by | | first third | middle third | last third | most | flat |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for curve in soak.curves:
        medians = " | ".join(f"{curve.third(number):.0f}" for number in range(3))
        verdict_of_it = "yes" if curve.flat else "NO"
        lines.append(f"| {curve.role} | {curve.what} | {medians} | {max(curve.values):.0f} | {verdict_of_it} |")
    return "\n".join(lines + [f"- {item}" for item in soak.unfinished])


def write(path: Path, soak: Soak) -> None:
    """Write page and picture."""
    picture = path.with_suffix(".png")
    draw(picture, soak)
    machine = (
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores, which the"
        f" senders, the PACS and the servers shared, Python {platform.python_version()}"
    )
    path.write_text(_PAGE.format(report=report(soak), machine=machine, picture=picture.name, growth=GROWTH), "utf-8")


_PAGE = """# Work under load

Made by `python -m benchmarks.soak --write docs/soak.md`: a node of its own processes with the five shipped models, fed
with simulated radiographs and CTs; three images a second on average are about twice a busy department's load. Studies
come at random, each as fast as it is taken, and twelve at once every ten minutes. Memory, files and threads are those
of each process and its children, every 15 seconds. PostgreSQL runs without fsync.

Measured on {machine}.

{report}

Medians of the thirds of the run. Flat: the last third's is at most {growth} times the middle third's and a little more
(`benchmarks/soak_page.py`). The write-ahead log is PostgreSQL's `pg_wal`, or SQLite's `-wal` file.

![Memory, open files, threads, the write-ahead log and waiting jobs over the run]({picture})
"""


def draw(path: Path, soak: Soak) -> None:
    """Four panels over the minutes of the run."""
    minutes = [sample.seconds / 60 for sample in soak.samples]
    figure = Figure(figsize=(10, 7), layout="constrained")
    FigureCanvasAgg(figure)
    panels = dict(zip((*_HELD, "write-ahead log, MB, and jobs that wait"), figure.subplots(2, 2).flat, strict=True))
    for what, ask in _HELD.items():
        for role, colour in zip(soak.samples[0].held, COLOURS, strict=False):
            panels[what].plot(minutes, [ask(sample, role) for sample in soak.samples], color=colour, label=role)
    *_, last = panels.values()
    last.plot(minutes, [sample.log_megabytes for sample in soak.samples], color=COLOURS[0], label="log, MB")
    last.plot(minutes, [sample.waiting for sample in soak.samples], color=COLOURS[1], linewidth=0.8, label="jobs")
    last.legend(frameon=False, fontsize=8)
    panels["memory, MB"].legend(frameon=False, fontsize=8)
    for what, panel in panels.items():
        panel.set_title(what, fontsize=10, loc="left")
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(color="#e6e6e6", linewidth=0.6)
        panel.set_ylim(bottom=0)
        panel.set_xlabel("minutes", fontsize=9)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
