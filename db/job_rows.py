"""Rows of jobs: locked, moved from state to state, read as values."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import events
from db.tables import JobRow
from screening.jobs import Job, JobState
from screening.serialize import context_from_json
from screening.types import ClinicalContext


def lock(s: Session, job_id: int) -> JobRow:
    """The row of a job, locked until the transaction ends. Raises KeyError when there is none."""
    query = select(JobRow).where(JobRow.id == job_id).with_for_update()
    row = s.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise KeyError(f"no job {job_id}")
    return row


def move(s: Session, row: JobRow, to: JobState, *, owner: str | None = None, detail: str | None = None) -> None:
    """Change the state of a locked row, drop its lease and its waiting times, and write the arrow."""
    events.record(s, row.id, row.state, to, attempt=row.attempt, owner=owner, detail=detail)
    row.state = to.value
    row.lease_owner = row.lease_until = row.next_attempt_at = row.enqueued_at = None
    s.flush()


def to_job(row: JobRow) -> Job:
    """The row as a value."""
    return Job(
        job_id=row.id,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uids=tuple(row.sop_instance_uids),
        input_digest=row.input_digest,
        model_name=row.model_name,
        model_version=row.model_version,
        config_digest=row.config_digest,
        state=JobState(row.state),
        attempt=row.attempt,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        next_attempt_at=row.next_attempt_at,
        predecessor_id=row.predecessor_id,
        created_at=row.created_at,
        context=ClinicalContext() if row.context is None else context_from_json(row.context),
        reason=row.reason,
    )
