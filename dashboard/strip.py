"""The header strip: one cell for each thing that an admin asks first, each with a word that says how it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.probes import Probes
from db.processes import Process

LISTENS, WORKS, SENDS, TIDIES = (
    ("listener", "serve"),
    ("worker", "serve"),
    ("delivery", "serve"),
    ("reconciler", "serve"),
)
_LONG_WAIT = 15 * 60.0  # seconds that a job may wait before somebody should look


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One thing. tone: good, wait or bad."""

    name: str
    value: str
    tone: str
    detail: str = ""


def strip(counts: dict[str, Any], running: Sequence[Process], probes: Probes) -> list[Cell]:
    """The cells, in the order in which a study meets what they tell of. counts: `db.status.counts`."""
    disk, broker = probes.disk(counts["conditions"]), probes.broker()
    troubled = [name for name in counts["conditions"] if name.startswith("destination ")]
    return [
        _role("Listener", LISTENS, running),
        _role("Indexing", TIDIES, running),
        _role("Workers", WORKS, running),
        _role("Sending", SENDS, running),
        Cell(name="Database", value="up", tone="good"),
        Cell(
            name="Broker",
            value="up" if broker.ok else "down",
            tone="good" if broker.ok else "bad",
            detail=broker.detail,
        ),
        Cell(
            name="Destinations",
            value=f"{len(troubled)} failing" if troubled else "no failures",
            tone="bad" if troubled else "good",
            detail=", ".join(name.removeprefix("destination ") for name in troubled),
        ),
        _disk(disk),
        _oldest(counts["oldest_waiting_job_seconds"]),
    ]


def _role(name: str, roles: tuple[str, ...], running: Sequence[Process]) -> Cell:
    there = [process for process in running if process.role in roles and process.alive]
    if not there:
        return Cell(name=name, value="down", tone="bad", detail="no process says that it runs")
    hosts = ", ".join(sorted({process.host for process in there}))
    return Cell(name=name, value="up" if len(there) == 1 else f"{len(there)} up", tone="good", detail=hosts)


def _disk(disk: dict[str, Any]) -> Cell:
    free = words.megabytes(disk["free_mb"])
    if disk["failed"] is not None:
        return Cell(name="Spool", value="failed", tone="bad", detail=disk["failed"])
    if not disk["accepting"]:
        return Cell(name="Spool", value="full", tone="bad", detail=f"{free} free: objects are refused")
    tone = "wait" if disk["free_mb"] < 4 * disk["minimum_free_mb"] else "good"
    return Cell(name="Spool", value=f"{free} free", tone=tone)


def _oldest(seconds: float | None) -> Cell:
    if seconds is None:
        return Cell(name="Oldest waiting", value="none", tone="good", detail="every job is taken")
    return Cell(name="Oldest waiting", value=words.lasting(seconds), tone="wait" if seconds > _LONG_WAIT else "good")
