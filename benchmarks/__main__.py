"""Every measurement side by side with others' software: `make bench`. Each has its own command, with options."""

import subprocess
import sys

PARTS = ("benchmarks.receive", "benchmarks.receive.storescu", "benchmarks.reading", "benchmarks.inference")


def main() -> None:
    """Run one after the other, each in a process of its own."""
    for part in PARTS:
        print(f"\n## {part}\n", flush=True)
        subprocess.run([sys.executable, "-m", part], check=True)


if __name__ == "__main__":
    main()
