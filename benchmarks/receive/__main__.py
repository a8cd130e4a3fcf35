"""`python -m benchmarks.receive`: our listener and others take the same images, round by round."""

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.receive.page import table
from benchmarks.receive.receivers import NAIVE, ORTHANC, OURS, STORESCP, Receiver, ours_on
from benchmarks.receive.rounds import Run, rounds
from benchmarks.receive.workloads import WORKLOADS
from tests.servers.postgres import running_postgres


def machine() -> str:
    """What it ran on."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; sender and receiver share the cores"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.receive", description=__doc__)
    parser.add_argument("--workloads", default="W1,W2,W3,W4", help="which of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="of the instances of each workload")
    parser.add_argument("--only", help="receivers by the begin of their names, e.g. Opportune,Orthanc")
    parser.add_argument("--folder", type=Path, help="for images and stores, on the disk to measure; here by default")
    parser.add_argument("--json", type=Path, help="write the runs as JSON")
    options = parser.parse_args()
    wanted = options.workloads.split(",")
    workloads = [workload.scaled(options.share) for workload in WORKLOADS if workload.name in wanted]
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        on_postgres = ours_on(stack.enter_context(running_postgres(durable=True)))
        receivers: list[Receiver] = [OURS, on_postgres, ORTHANC, STORESCP, NAIVE]
        if options.only:
            begins = tuple(options.only.split(","))
            receivers = [receiver for receiver in receivers if receiver.name.startswith(begins)]
        runs: list[Run] = []
        for run in rounds(workloads, receivers, folder, options.rounds):
            runs.append(run)
            told = f"{run.workload} {run.round} {run.receiver}: {run.per_second:.0f}/s, load {run.load:.1f}"
            print(told, file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps([asdict(run) for run in runs], indent=1), encoding="utf-8")
    print(machine())
    base = ORTHANC if ORTHANC in receivers else receivers[0]
    for workload in workloads:
        print(f"\n{table(runs, workload, receivers, base)}")


if __name__ == "__main__":
    main()
