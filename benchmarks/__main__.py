"""Run every measurement and print it with what it was taken on."""

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.receive import Load, measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--instances", type=int, default=400, help="objects sent in all")
    parser.add_argument("--kilobytes", type=int, default=512, help="size of each, the CT slice's by default")
    parser.add_argument("--database-url", default=None, help="PostgreSQL; SQLite by default")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    machine = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "database": "PostgreSQL" if options.database_url else "SQLite",
    }
    results = []
    for associations in (1, 2, 4, 8):
        load = Load(instances=options.instances, kilobytes=options.kilobytes, associations=associations)
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # a disk, as /tmp may be memory
            results.append(measure(Path(folder), load, database_url=options.database_url))
    if options.json:
        print(json.dumps({"machine": machine, "receive": [asdict(result) for result in results]}, indent=2))
        return
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"receive: {options.instances} objects of {options.kilobytes} kB, durable and registered before Success")
    print("associations  objects/s    MB/s  median ms  slowest ms")
    for result in results:
        print(
            f"{result.associations:12d} {result.objects_per_second:10.0f} {result.megabytes_per_second:7.1f}"
            f" {result.median_milliseconds:10.1f} {result.slowest_milliseconds:11.1f}"
        )


if __name__ == "__main__":
    main()
