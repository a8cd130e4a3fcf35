"""The header strip: one cell for each thing that an admin asks first, each with a word that says how it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import words
from dashboard.destination_lines import Line
from dashboard.probes import Probes
from db.pauses import Part
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


def strip(
    counts: dict[str, Any], running: Sequence[Process], probes: Probes, destinations: Sequence[Line]
) -> list[Cell]:
    """The cells, in the order in which a study meets what they tell of. counts: `db.status.counts`."""
    disk, broker = probes.disk(counts["conditions"]), probes.broker()
    paused: Mapping[str, Any] = counts["pauses"]
    return [
        _role("Listener", LISTENS, running, paused.get(Part.INTAKE)),
        _role("Indexing", TIDIES, running),
        _role("Workers", WORKS, running, paused.get(Part.SCREENING)),
        _role("Sending", SENDS, running, paused.get(Part.DELIVERY)),
        Cell(name="Database", value="up", tone="good"),
        Cell(
            name="Broker",
            value="up" if broker.ok else "down",
            tone="good" if broker.ok else "bad",
            detail=broker.detail,
        ),
        _destinations(counts["conditions"], destinations),
        _disk(disk),
        _oldest(counts["oldest_waiting_job_seconds"]),
    ]


def _role(
    name: str, roles: tuple[str, ...], running: Sequence[Process], pause: Mapping[str, str] | None = None
) -> Cell:
    there = [process for process in running if process.role in roles and process.alive]
    if not there:
        return Cell(name=name, value="down", tone="bad", detail="no process says that it runs")
    if pause is not None:
        since = words.moment(datetime.fromisoformat(pause["since"]))
        return Cell(name=name, value="paused", tone="wait", detail=f"since {since} by {pause['by']}: {pause['why']}")
    hosts = ", ".join(sorted({process.host for process in there}))
    return Cell(name=name, value="up" if len(there) == 1 else f"{len(there)} up", tone="good", detail=hosts)


def _destinations(conditions: Mapping[str, Any], destinations: Sequence[Line]) -> Cell:
    """What sending met tells more than an echo, which somebody asked for at some time."""
    prefix = "destination "
    troubled = [name.removeprefix(prefix) for name in conditions if name.startswith(prefix)]
    asked = [(line.echo_age, line.name, line.echo.ok) for line in destinations if line.echo is not None]
    silent = [name for _, name, ok in asked if not ok]
    last = f"last echo {words.ago(min(asked)[0])}" if asked else "never asked by echo"
    if troubled:
        return Cell(
            name="Destinations", value=f"{len(troubled)} failing", tone="bad", detail=f"{', '.join(troubled)}; {last}"
        )
    if silent:
        return Cell(name="Destinations", value="echo failed", tone="wait", detail=f"{', '.join(silent)}; {last}")
    return Cell(name="Destinations", value="no failures", tone="good", detail=last)


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
