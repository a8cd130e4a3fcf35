"""What somebody should be told of: read from the database, in numbers and names of the settings, without a patient."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from db import conditions, status
from db.conditions import SPOOL
from db.engine import database_now, transaction
from dicom_node import disk
from worker.ports import Ports


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One thing that is wrong. number: how many; a larger one than was told is told again."""

    key: str  #: the same as long as it lasts
    text: str
    number: int = 0


def present(ports: Ports) -> list[Trouble]:
    """Everything that is wrong now."""
    settings = ports.settings
    with transaction(ports.sessions, read_only=True) as s:
        counts, known, now = status.counts(s), conditions.known(s), database_now(s)
    since = {item.subject: item.since for item in known}
    long_ago = now - timedelta(minutes=settings.notify.destination_minutes)
    found = list(_failed(counts))
    for item in settings.destinations:
        began = since.get(conditions.destination(item.name))
        if began is not None and began <= long_ago:
            waiting = counts["deliveries"].get(item.name, {}).get("pending", 0)
            said = f"destination {item.name} does not answer since {began:%Y-%m-%d %H:%M} UTC; {waiting} objects wait"
            found.append(Trouble(key=f"destination {item.name}", text=said))
    room = disk.look(settings, counts["conditions"])
    if SPOOL in since:
        said = (
            "the disk of the spool did not confirm what was written: no object is taken until the listener is restarted"
        )
        found.append(Trouble(key=SPOOL, text=said))
    elif not room["accepting"]:
        said = f"the disk of the spool has {room['free_mb']} MB free: no object is taken"
        found.append(Trouble(key="disk", text=said))
    return found


def _failed(counts: dict[str, Any]) -> Iterator[Trouble]:
    quarantined = counts["jobs"]["quarantined"]
    if quarantined:
        yield Trouble(key="quarantine", text=f"jobs in quarantine: {quarantined}", number=quarantined)
    for name, states in sorted(counts["deliveries"].items()):
        if states["failed"]:
            said = f"objects that destination {name} refused for good: {states['failed']}"
            yield Trouble(key=f"refused by {name}", text=said, number=states["failed"])
