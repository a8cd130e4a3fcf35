"""`python -m tests.faults.program ROLE`: the product's command line with the toy model.

The node's own code runs as it is, but for the model, the clock where a file says how far it is off, and three waits of
the reconciler that are minutes in service and seconds here.
"""

import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from screening import clock

CLOCK_VARIABLE = "FAULTS_CLOCK"
"""Names a file that holds by how many seconds the clock is off."""

ORPHAN_SECONDS = 15.0
SWEEP_SECONDS = 1.0
ASK_AGAIN_SECONDS = 5.0

_true_now = clock.now


def _shifted(file: Path) -> datetime:
    try:
        off = float(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        off = 0.0
    return _true_now() + timedelta(seconds=off)


def main() -> None:
    """Run one role."""
    if CLOCK_VARIABLE in os.environ:
        # before anything takes it as a default
        clock.now = partial(_shifted, Path(os.environ[CLOCK_VARIABLE]))
    from tests.faults import toy
    from worker import bootstrap, cli, reconciler
    from worker.sandbox.parent import Sandbox

    toy.install()
    replaced: dict[str, object] = {
        "_ORPHAN_SECONDS": ORPHAN_SECONDS, "_SWEEP_SECONDS": SWEEP_SECONDS, "_ASK_AGAIN_SECONDS": ASK_AGAIN_SECONDS,
    }  # fmt: skip
    for name, value in replaced.items():
        setattr(reconciler, name, value)
    vars(bootstrap)["Sandbox"] = partial(Sandbox, pipeline="tests.faults.toy:Pipeline")
    cli.main()


if __name__ == "__main__":
    main()
