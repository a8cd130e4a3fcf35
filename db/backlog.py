"""What waits now, by model and destination. Reads only rows that wait, by the indexes that hold them."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.engine import database_now
from db.instances import InstanceState
from db.tables import DeliveryRow, InstanceRow, JobRow
from screening.jobs import JobState
from screening.reports import DeliveryState

OPEN = (JobState.READY, JobState.RETRY_WAIT, JobState.CLAIMED, JobState.QUARANTINED)


def open_jobs(s: Session) -> dict[tuple[str, JobState], int]:
    """Jobs that are not done, by model and state; without those that are 0."""
    query = select(JobRow.model_name, JobRow.state, func.count()).where(JobRow.state.in_(OPEN))
    return {
        (model, JobState(state)): number
        for model, state, number in s.execute(query.group_by(JobRow.model_name, JobRow.state))
    }


def workers(s: Session) -> int:
    """Processes that hold a job now."""
    held = JobRow.state == JobState.CLAIMED, JobRow.lease_owner.is_not(None)
    return s.scalar(select(func.count(JobRow.lease_owner.distinct())).where(*held)) or 0


def oldest_unread_seconds(s: Session) -> float:
    """Age of the oldest reception that nobody has read; 0 when there is none."""
    first = s.scalar(select(func.min(InstanceRow.received_at)).where(InstanceRow.state == InstanceState.RECEIVED))
    return _age(first, database_now(s))


def oldest_unsent_seconds(s: Session) -> dict[str, float]:
    """Age of the oldest object that waits to be sent, by destination; without those to which nothing waits."""
    now = database_now(s)
    query = select(DeliveryRow.destination, func.min(DeliveryRow.created_at)).where(
        DeliveryRow.state == DeliveryState.PENDING
    )
    return {name: _age(first, now) for name, first in s.execute(query.group_by(DeliveryRow.destination))}


def _age(first: datetime | None, now: datetime) -> float:
    return 0.0 if first is None else max(0.0, (now - first).total_seconds())
