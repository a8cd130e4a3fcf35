"""Whether a node is ready: the database answers with this release's schema, and objects can be taken.

A broker or a destination that is down is no reason to be taken out of service: work waits for it. Neither is a pause:
a sender must be answered that it shall come again.
"""

from typing import Any

from db import conditions, pauses
from db.conditions import SPOOL
from db.engine import SchemaState, Sessions, schema_state, transaction
from dicom_node import disk
from screening.errors import DatabaseUnavailable
from screening.settings import Settings


def readiness(settings: Settings, sessions: Sessions) -> dict[str, Any]:
    """What is needed, and whether it is there: `database`, `schema`, `spool`, `disk`; and since when what is `paused`.

    Not by whom and why: anybody may ask this, and a reason is a person's own words.
    """
    try:
        with transaction(sessions, read_only=True) as s:
            current = schema_state(s) is SchemaState.CURRENT
            spool_failed = current and any(item.subject == SPOOL for item in conditions.known(s))
            paused = pauses.known(s) if current else {}
    except DatabaseUnavailable:
        return {"database": False, "schema": False, "spool": settings.spool.is_dir(), "disk": _room(settings)}
    return {
        "database": True,
        "schema": current,
        "spool": settings.spool.is_dir() and not spool_failed,
        "disk": _room(settings),
        "paused": {part.value: item.at.isoformat(timespec="seconds") for part, item in paused.items()},
    }


def _room(settings: Settings) -> bool:
    return bool(disk.look(settings, {})["accepting"])
