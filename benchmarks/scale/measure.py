"""Times verbs and looks at the plans of their statements."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from benchmarks.scale.verbs import Verb
from db.engine import make_sessions
from dicom_node.spool import Spool
from screening.settings import Destination, Settings
from tests.db.plans import Scan, recorded, scans
from tests.worker.ports import FakeBell
from worker import spool_owner
from worker.ports import Ports
from worker.reconciler import Reconciler


def reconciler_on(engine: Engine, folder: Path) -> Reconciler:
    """A reconciler of a node with this database, an empty spool and a broker whose queues are full."""
    destination = Destination(name="pacs", ae_title="PACS", address="127.0.0.1", port=104, commitment="none")
    settings = Settings(home=folder, destinations=(destination,))
    ports = Ports(
        settings=settings, sessions=make_sessions(engine), spool=Spool(settings.spool, minimum_free=0),
        bell=FakeBell(waiting=1),
    )  # fmt: skip
    spool_owner.claim(ports)
    return Reconciler(ports)


TINY = frozenset({"alembic_version", "conditions", "pauses", "spools", "tallies"})
"""Tables that stay small: to read one as a whole is the plan to be wished for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """How long one verb took."""

    verb: Verb
    runs: int
    median: float  #: milliseconds, as the next two
    p95: float
    longest: float
    scans: list[Scan]  #: of tables that grow, in its first run


def measured(engine: Engine, verbs: Iterable[Verb], runs: int) -> Iterator[Timed]:
    """Each verb so many times in a row, after once that does not count."""
    for verb in verbs:
        with recorded(engine) as statements:
            verb.run()
        with engine.connect() as connection:
            found = [scan for scan in scans(connection, statements) if scan.table not in TINY]
        milliseconds = []
        for _ in range(verb.runs or runs):
            begin = time.perf_counter()
            verb.run()
            milliseconds.append(1000 * (time.perf_counter() - begin))
        yield Timed(
            verb=verb,
            runs=len(milliseconds),
            median=float(np.median(milliseconds)),
            p95=float(np.percentile(milliseconds, 95)),
            longest=max(milliseconds),
            scans=found,
        )


def show(timed: Timed) -> None:
    """A line on stderr."""
    scanned = ", ".join(sorted({scan.table for scan in timed.scans})) or "-"
    times = f"{timed.median:8.2f} {timed.p95:8.2f} {timed.longest:8.2f}"
    print(f"{timed.verb.group:10} {timed.verb.name:26} {times} {scanned}", file=sys.stderr, flush=True)
