"""The PACS double in a process of its own: `python -m benchmarks.pacs_double FOLDER PORT`, until somebody ends it."""

import sys
from pathlib import Path

from dicom_node.standin_pacs import StandinPacs
from worker.roles import wait_for_signal


def main() -> None:
    """Take what is sent."""
    pacs = StandinPacs(Path(sys.argv[1]))
    pacs.start(port=int(sys.argv[2]))
    wait_for_signal()
    pacs.stop()


if __name__ == "__main__":
    main()
