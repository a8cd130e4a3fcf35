"""Every measurement side by side with others' software: `make bench`, which writes the tables of docs/performance.md.

Each part has its own command, with options.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import tables

PARTS = (
    "benchmarks.receive",
    "benchmarks.receive.storescu",
    "benchmarks.reading",
    "benchmarks.inference",
    "benchmarks.together",
    "benchmarks.overhead",
    "benchmarks.burst",
    "benchmarks.workers",
)


def measured(part: str) -> str:
    """What a part prints. CalledProcessError if it fails."""
    return subprocess.run([sys.executable, "-m", part], check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Run one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS, help="these parts")
    parser.add_argument("--write", type=Path, help="the page whose tables are put in the place of the old ones")
    options = parser.parse_args()
    for part in options.only:
        print(f"\n## {part}\n", flush=True)
        found = measured(part)
        print(found, flush=True)
        if options.write is not None:  # at once: what was measured stays if a later part fails
            page = options.write.read_text(encoding="utf-8")
            options.write.write_text(tables.put(page, part, found), encoding="utf-8")


if __name__ == "__main__":
    main()
