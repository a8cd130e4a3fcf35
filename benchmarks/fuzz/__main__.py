"""`python -m benchmarks.fuzz` is the long form; the tests run a short one.

After every example nothing may hang, and the listener's threads and descriptors must be back where they were; its
memory may not grow by more than 64 MB in all.
"""

import argparse
import tempfile
import time
from pathlib import Path
from random import Random

from benchmarks.fuzz.decoders import fuzz_decoders
from benchmarks.fuzz.pdus import drawn
from benchmarks.fuzz.peers import fuzz_connections
from benchmarks.fuzz.target import Target

_AT_ONCE = 500  # examples: Hypothesis keeps something of each, which would slow down later ones


def main() -> None:
    """Fuzz for long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--decodes", type=int, default=1_000_000, help="mutated PDUs to the decoders")
    parser.add_argument("--connections", type=int, default=100_000, help="live connections, at least")
    parser.add_argument("--seed", type=int, default=1, help="of the mutated PDUs")
    options = parser.parse_args()
    if options.decodes:
        begun = time.monotonic()
        random = Random(options.seed)  # noqa: S311 (to be repeated, not to be secret)
        longest = fuzz_decoders(drawn(random) for _ in range(options.decodes))
        print(f"{options.decodes} decodes in {time.monotonic() - begun:.0f} s, longest {longest * 1000:.1f} ms")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        target = Target(Path(folder))
        try:
            while target.connections < options.connections:
                fuzz_connections(target, max(1, min(_AT_ONCE, (options.connections - target.connections) // 2)))
                print(
                    f"{target.connections} connections in {time.monotonic() - begun:.0f} s,"
                    f" {target.grown / 2**20:.0f} MB more memory",
                    flush=True,
                )
        finally:
            target.stop()


if __name__ == "__main__":
    main()
