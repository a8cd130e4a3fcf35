"""Processes of the node: each says from time to time that it is there, so that anyone can tell what runs where."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.engine import database_now
from db.node_tables import ProcessRow
from db.upsert import insert_or_update

BEAT_SECONDS = 15.0
"""How often a process says so."""

GONE_SECONDS = 3 * BEAT_SECONDS
"""Who has said nothing for so long is taken to be gone."""

_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One process of the node."""

    name: str
    role: str
    host: str
    version: str
    started_at: datetime
    seen_at: datetime
    alive: bool


def beat(s: Session, name: str, *, role: str, host: str, version: str, started_at: datetime) -> None:
    """A process is there. Forgets those that were not for a day."""
    now = database_now(s)
    values = {"name": name, "role": role, "host": host, "version": version, "started_at": started_at, "seen_at": now}
    insert_or_update(s, ProcessRow, ["name"], values)
    s.execute(delete(ProcessRow).where(ProcessRow.seen_at < now - _FORGOTTEN))


def ended(s: Session, name: str) -> None:
    """A process ends."""
    s.execute(delete(ProcessRow).where(ProcessRow.name == name))


def known(s: Session) -> list[Process]:
    """Every process that is there or was lately, by role and name."""
    gone = database_now(s) - timedelta(seconds=GONE_SECONDS)
    return [
        Process(
            name=row.name, role=row.role, host=row.host, version=row.version, started_at=row.started_at,
            seen_at=row.seen_at, alive=row.seen_at >= gone,
        )
        for row in s.scalars(select(ProcessRow).order_by(ProcessRow.role, ProcessRow.name))
    ]  # fmt: skip
