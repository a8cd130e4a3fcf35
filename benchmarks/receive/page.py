"""The tables of docs/performance.md on receiving."""

import statistics
from collections.abc import Sequence

from benchmarks.receive.receivers import Receiver
from benchmarks.receive.rounds import Run, median_and_range, ratios
from benchmarks.receive.workloads import Workload


def table(runs: Sequence[Run], workload: Workload, receivers: Sequence[Receiver], base: Receiver) -> str:
    """One workload; ratios to `base` are of the same round."""
    mine = [run for run in runs if run.workload == workload.name]
    lines = [
        f"**{workload.name}**: {mine[0].instances} {workload.what}; {len({run.round for run in mine})} rounds.",
        "",
        f"| receiver | before Success | objects/s | x {base.name} | ms, median | ms, 99 % | its CPU s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for receiver in receivers:
        found = [run for run in mine if run.receiver == receiver.name]
        if not found:
            continue
        times = sorted(value for run in found for value in run.milliseconds)
        lines.append(
            f"| {receiver.name} | {receiver.what} | {median_and_range([run.per_second for run in found], 0)}"
            f" | {median_and_range(ratios(runs, workload.name, receiver.name, base.name))}"
            f" | {statistics.median(times):.1f} | {times[int(0.99 * (len(times) - 1))]:.1f}"
            f" | {statistics.median(run.processor_seconds for run in found):.2f} |"
        )
    return "\n".join(lines)
