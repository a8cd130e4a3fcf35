"""Whether a node is ready: the database answers with this release's schema, and objects can be taken.

A broker or a destination that is down is no reason to be taken out of service: work waits for it.
"""

from db import conditions
from db.conditions import SPOOL
from db.engine import SchemaState, Sessions, schema_state, transaction
from dicom_node import disk
from screening.errors import DatabaseUnavailable
from screening.settings import Settings


def readiness(settings: Settings, sessions: Sessions) -> dict[str, bool]:
    """What is needed, and whether it is there: `database`, `schema`, `spool`, `disk`."""
    try:
        with transaction(sessions, read_only=True) as s:
            current = schema_state(s) is SchemaState.CURRENT
            spool_failed = current and any(item.subject == SPOOL for item in conditions.known(s))
    except DatabaseUnavailable:
        return {"database": False, "schema": False, "spool": settings.spool.is_dir(), "disk": _room(settings)}
    return {
        "database": True,
        "schema": current,
        "spool": settings.spool.is_dir() and not spool_failed,
        "disk": _room(settings),
    }


def _room(settings: Settings) -> bool:
    return bool(disk.look(settings, {})["accepting"])
