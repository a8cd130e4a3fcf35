"""Job events: every arrow between two states of a job or of one of its deliveries is a row."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.engine import moment_of
from db.tables import JobEventRow


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEvent:
    """One arrow. delivery_id is None for an arrow of the job itself."""

    job_id: int
    delivery_id: int | None
    from_state: str | None
    to_state: str
    at: datetime
    attempt: int
    owner: str | None
    detail: str | None


def record(
    s: Session,
    job_id: int,
    from_state: str | None,
    to_state: str,
    *,
    attempt: int,
    owner: str | None = None,
    detail: str | None = None,
    delivery_id: int | None = None,
) -> None:
    """Add an arrow; called by the verbs that change a state, in the same transaction."""
    s.execute(
        insert(JobEventRow).values(
            job_id=job_id,
            delivery_id=delivery_id,
            from_state=from_state,
            to_state=to_state,
            at=moment_of(s),
            attempt=attempt,
            owner=owner,
            detail=detail,
        )
    )


def of_job(s: Session, job_id: int) -> list[JobEvent]:
    """The history of a job and its deliveries, oldest first."""
    rows = s.scalars(select(JobEventRow).where(JobEventRow.job_id == job_id).order_by(JobEventRow.id))
    return [
        JobEvent(
            job_id=row.job_id,
            delivery_id=row.delivery_id,
            from_state=row.from_state,
            to_state=row.to_state,
            at=row.at,
            attempt=row.attempt,
            owner=row.owner,
            detail=row.detail,
        )
        for row in rows
    ]
