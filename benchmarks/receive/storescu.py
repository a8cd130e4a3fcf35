"""DCMTK's storescu as it is shipped, sending to us and to storescp: `python -m benchmarks.receive.storescu`.

It writes header and body of a PDU apart, with Nagle's algorithm on: the end of each object waits for our
acknowledgement, which a kernel delays by up to 40 ms unless it is told not to. The time of its start is in the rate.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.receive.__main__ import machine
from benchmarks.receive.receivers import OURS, STORESCP
from benchmarks.receive.rounds import Run, median_and_range, ratios
from benchmarks.receive.sender import CALLED
from benchmarks.receive.workloads import WORKLOADS, write
from tests.servers.dcmtk import dcmtk

RECEIVERS = (OURS, STORESCP)


def runs(folder: Path, instances: int, count: int) -> Iterator[Run]:
    """Send the same CT slices to each receiver, round by round. Raises CalledProcessError if one was refused."""
    workload = replace(WORKLOADS[0], instances=instances)
    (images,) = write(workload, folder / "images")
    program = dcmtk("storescu")
    for number in range(count):
        for receiver in RECEIVERS:
            with receiver.running(folder / "store") as running:
                begun = time.perf_counter()
                subprocess.run(
                    [program, "-aet", "STORESCU", "-aec", CALLED, "+sd", "127.0.0.1", str(running.port), str(images)],
                    check=True, capture_output=True, timeout=300,
                )  # fmt: skip
                seconds = time.perf_counter() - begun
                yield Run(
                    workload=workload.name, receiver=receiver.name, round=number, instances=instances, seconds=seconds,
                    milliseconds=[], processor_seconds=running.processor_seconds(), load=0.0,
                )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.receive.storescu", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--instances", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        found = list(runs(Path(folder), options.instances, options.rounds))
    print(f"{machine()}\n\n| storescu as shipped sends {options.instances} CT slices to | objects/s |\n| --- | --- |")
    for receiver in RECEIVERS:
        rates = [run.per_second for run in found if run.receiver == receiver.name]
        print(f"| {receiver.name} | {median_and_range(rates, 0)} |")
    print(f"\nTimes as fast, in the same round: {median_and_range(ratios(found, 'W1', OURS.name, STORESCP.name))}")


if __name__ == "__main__":
    main()
