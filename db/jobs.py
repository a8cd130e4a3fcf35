"""Jobs: opened once, claimed by lease, every later write fenced by owner and attempt.

ready -> claimed -> inferred -> superseded; claimed -> retry_wait -> claimed; claimed -> ready when a lease ends;
claimed -> quarantined after too many attempts -> ready by an operator's retry, or dismissed. Each arrow is a row of
`job_events`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from db import amounts, audit, deliveries, events, findings, pauses, reports
from db.amounts import Duration
from db.deliveries import PlannedDelivery
from db.engine import database_now, lease_now
from db.job_rows import lock, move, to_job
from db.pauses import Part
from db.tables import JobRow
from db.upsert import insert_or_ignore
from screening.errors import LeaseLost
from screening.findings import NotEvaluable, Outcome
from screening.jobs import Claim, Job, JobState
from screening.reports import Report
from screening.serialize import context_to_json
from screening.stages import Stages
from screening.types import ClinicalContext, Eligible

_FINAL = (JobState.SUPERSEDED, JobState.DISMISSED)


def open_job(
    s: Session,
    *,
    study_instance_uid: str,
    chosen: Eligible,
    input_digest: str,
    context: ClinicalContext,
    model_name: str,
    model_version: str,
    config_digest: str,
    queue: str,
    predecessor_id: int | None = None,
) -> tuple[Job, bool]:
    """The job for this work, and whether it was opened just now. Whoever asks again gets the same job."""
    keys = {
        "study_instance_uid": study_instance_uid,
        "series_instance_uid": chosen.series_instance_uid,
        "input_digest": input_digest,
        "model_name": model_name,
        "model_version": model_version,
        "config_digest": config_digest,
    }
    job_id = insert_or_ignore(
        s,
        JobRow,
        list(keys),
        keys
        | {
            "sop_instance_uids": list(chosen.sop_instance_uids),
            "context": context_to_json(context),
            "queue": queue,
            "state": JobState.READY.value,
            "attempt": 0,
            "attempt_base": 0,
            "predecessor_id": predecessor_id,
            "created_at": database_now(s),
        },
    )
    if job_id is None:
        return to_job(s.scalars(select(JobRow).filter_by(**keys)).one()), False
    events.record(s, job_id, None, JobState.READY, attempt=0)
    return get(s, job_id), True


def claim(s: Session, job_id: int, *, owner: str, lease_seconds: float, maximum_attempts: int) -> Claim | None:
    """The right to work on a job, or None: another has it, it is done, it is not due, or it had its attempts.

    owner must differ between processes. A job that had its attempts is quarantined here. While screening is paused
    nothing happens.
    """
    now = database_now(s)
    row = s.scalars(
        select(JobRow)
        .where(JobRow.id == job_id, claimable(now, lease_now(s)), pauses.running(Part.SCREENING))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    if row.attempt - row.attempt_base >= maximum_attempts:
        row.reason = row.reason or f"gave up after {maximum_attempts} attempts"
        move(s, row, JobState.QUARANTINED, detail=f"gave up after {maximum_attempts} attempts")
        return None
    row.attempt += 1
    row.maximum_attempts = maximum_attempts
    move(s, row, JobState.CLAIMED, owner=owner)
    row.lease_owner, row.lease_until = owner, lease_now(s) + timedelta(seconds=lease_seconds)
    s.flush()
    return Claim(job=to_job(row), owner=owner, attempt=row.attempt)


def claim_alike(s: Session, first: Claim, *, most: int, lease_seconds: float, maximum_attempts: int) -> list[Claim]:
    """Claims, for the same owner, on jobs that may be worked on together with a claimed one; oldest first.

    They wait for the same model under the same configuration in the same queue, and have lost no attempt, nor has the
    one that is claimed: what may have killed a worker is worked on alone.
    """
    own = s.get_one(JobRow, first.job.job_id)
    if first.attempt - own.attempt_base > 1:
        return []
    alike = s.scalars(
        select(JobRow.id)
        .where(JobRow.state == JobState.READY, JobRow.attempt == JobRow.attempt_base)
        .where(JobRow.queue == own.queue, JobRow.model_name == own.model_name)
        .where(JobRow.model_version == own.model_version, JobRow.config_digest == own.config_digest)
        .order_by(JobRow.created_at, JobRow.id)
        .limit(most)
    ).all()
    claims = (
        claim(s, job_id, owner=first.owner, lease_seconds=lease_seconds, maximum_attempts=maximum_attempts)
        for job_id in alike
    )
    return [found for found in claims if found is not None]


def claimable(now: datetime, lease: datetime) -> ColumnElement[bool]:
    """Ready, due for another attempt, or claimed by one whose lease ended. lease: the moment that leases go by."""
    return or_(
        JobRow.state == JobState.READY,
        and_(JobRow.state == JobState.RETRY_WAIT, JobRow.next_attempt_at <= now),
        and_(JobRow.state == JobState.CLAIMED, JobRow.lease_until < lease),
    )


def renew(s: Session, claim: Claim, lease_seconds: float) -> bool:
    """Whether the claim still holds; then its lease lasts lease_seconds from now."""
    until = lease_now(s) + timedelta(seconds=lease_seconds)
    renewed = s.execute(update(JobRow).where(*_fence(claim)).values(lease_until=until).returning(JobRow.id))
    return renewed.one_or_none() is not None


def finish(
    s: Session,
    claim: Claim,
    outcome: Outcome,
    report: Report,
    destinations: Sequence[PlannedDelivery],
    *,
    stages: Stages | None = None,
) -> None:
    """Keep the outcome, the report's bytes and what is to be delivered, and mark the job inferred: all or nothing.

    stages: what the time of the attempt went to.

    Every job that this one revises, directly or through others, becomes superseded unless it was dismissed.

    Raises
    ------
    LeaseLost
        If the claim does not hold any more; nothing is written.
    ValueError
        If a planned delivery names a role that the report does not have.
    """
    with s.begin_nested():
        row = _fenced(s, claim)
        move(s, row, JobState.INFERRED, owner=claim.owner, detail=f"by {report.engine}" if report.engine else None)
        findings.record(s, row.id, outcome, stages)
        amounts.answered(s, row.model_name, "not_evaluable" if isinstance(outcome, NotEvaluable) else "findings")
        took = (database_now(s) - row.created_at).total_seconds()
        amounts.took(s, Duration.RESULT, row.model_name, took)
        object_ids = reports.record(s, row.id, report)
        deliveries.plan(s, row.id, object_ids, destinations)
        _supersede(s, row)


def _supersede(s: Session, row: JobRow) -> None:
    """Supersede the chain of predecessors to its begin: one that failed does not shield the result before it."""
    earlier = row.predecessor_id
    while earlier is not None:
        predecessor = lock(s, earlier)
        if JobState(predecessor.state) not in _FINAL:
            move(s, predecessor, JobState.SUPERSEDED, detail=f"by job {row.id}")
        earlier = predecessor.predecessor_id


def fail(s: Session, claim: Claim, *, reason: str, retry_at: datetime | None) -> JobState:
    """Record that an attempt failed. Returns the new state.

    retry_wait until retry_at; quarantined when retry_at is None or the attempts are used up.

    Raises
    ------
    LeaseLost
        If the claim does not hold any more; nothing is written.
    """
    row = _fenced(s, claim)
    row.reason = reason
    used_up = row.maximum_attempts is not None and row.attempt - row.attempt_base >= row.maximum_attempts
    if retry_at is None or used_up:
        move(s, row, JobState.QUARANTINED, owner=claim.owner, detail=reason)
        return JobState.QUARANTINED
    move(s, row, JobState.RETRY_WAIT, owner=claim.owner, detail=reason)
    row.next_attempt_at = retry_at
    s.flush()
    return JobState.RETRY_WAIT


def _fence(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        JobRow.id == claim.job.job_id,
        JobRow.state == JobState.CLAIMED,
        JobRow.lease_owner == claim.owner,
        JobRow.attempt == claim.attempt,
    )


def _fenced(s: Session, claim: Claim) -> JobRow:
    query = select(JobRow).where(*_fence(claim)).with_for_update()
    row = s.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise LeaseLost(f"attempt {claim.attempt} of {claim.owner} no longer holds job {claim.job.job_id}")
    return row


def get(s: Session, job_id: int) -> Job:
    """A job. Raises KeyError when there is none."""
    row = s.get(JobRow, job_id, populate_existing=True)
    if row is None:
        raise KeyError(f"no job {job_id}")
    return to_job(row)


def of_study(s: Session, study_instance_uid: str) -> list[Job]:
    """The jobs of a study, oldest first."""
    query = select(JobRow).where(JobRow.study_instance_uid == study_instance_uid).order_by(JobRow.id)
    return [to_job(row) for row in s.scalars(query)]


def newest_for(s: Session, study_instance_uid: str, model_name: str) -> Job | None:
    """The job that this model's next one for the study would revise: the newest that was not dismissed."""
    row = s.scalars(
        select(JobRow)
        .where(JobRow.study_instance_uid == study_instance_uid, JobRow.model_name == model_name)
        .where(JobRow.state != JobState.DISMISSED)
        .order_by(JobRow.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else to_job(row)


def quarantined(s: Session, limit: int | None = None) -> list[Job]:
    """Jobs that wait for an operator, oldest first; at most so many."""
    query = (
        select(JobRow).where(JobRow.state == JobState.QUARANTINED).order_by(JobRow.created_at, JobRow.id).limit(limit)
    )
    return [to_job(row) for row in s.scalars(query)]


def waiting_queues(s: Session) -> list[str]:
    """The queues of what may be claimed now, sorted; the settings may have changed since a job was opened."""
    return sorted(s.scalars(select(JobRow.queue).where(_waiting(database_now(s))).distinct()))


def to_enqueue(s: Session, queue: str, *, again_after_seconds: float) -> list[int]:
    """What of a queue may be claimed now and was not enqueued in the last again_after_seconds.

    Marks them as enqueued: two reconcilers do not both get a job. Nothing while screening is paused.
    """
    now = database_now(s)
    lately = now - timedelta(seconds=again_after_seconds)
    marked = s.scalars(
        update(JobRow)
        .where(JobRow.queue == queue, _waiting(now), or_(JobRow.enqueued_at.is_(None), JobRow.enqueued_at <= lately))
        .where(pauses.running(Part.SCREENING))
        .values(enqueued_at=now)
        .returning(JobRow.id)
    )
    return sorted(marked)


def _waiting(now: datetime) -> ColumnElement[bool]:
    due = and_(JobRow.state == JobState.RETRY_WAIT, JobRow.next_attempt_at <= now)
    return or_(JobRow.state == JobState.READY, due)


def expire_leases(s: Session, maximum_attempts: int) -> int:
    """Take back what is claimed by one whose lease ended: ready again, or quarantined when its attempts are used up."""
    expired = and_(JobRow.state == JobState.CLAIMED, JobRow.lease_until < lease_now(s))
    return _take_back(s, expired, maximum_attempts, "the lease ended")


def lease_owners(s: Session) -> set[str]:
    """Who holds leases now."""
    held = JobRow.state == JobState.CLAIMED, JobRow.lease_owner.is_not(None)
    return {owner for owner in s.scalars(select(JobRow.lease_owner).where(*held).distinct()) if owner}


def release_owner(s: Session, owner_prefix: str) -> int:
    """Take back what a process claimed that is known to be dead; whoever starts in its place calls this.

    A job that had its attempts is quarantined by its next claim.
    """
    if not owner_prefix:
        raise ValueError("owner_prefix must not be empty: it would take every lease")
    owned = and_(JobRow.state == JobState.CLAIMED, JobRow.lease_owner.startswith(owner_prefix, autoescape=True))
    return _take_back(s, owned, None, "its owner was restarted")


def _take_back(s: Session, which: ColumnElement[bool], maximum_attempts: int | None, detail: str) -> int:
    query = select(JobRow).where(which).order_by(JobRow.id).with_for_update(skip_locked=True)
    rows = s.scalars(query.execution_options(populate_existing=True)).all()
    for row in rows:
        owner, used = row.lease_owner, row.attempt - row.attempt_base
        if maximum_attempts is not None and used >= maximum_attempts:
            row.reason = f"{detail} in attempt {row.attempt}; gave up after {used} attempts"
            move(s, row, JobState.QUARANTINED, owner=owner, detail=row.reason)
        else:
            move(s, row, JobState.READY, owner=owner, detail=detail)
    return len(rows)


def retry(s: Session, job_id: int, who: str) -> bool:
    """An operator asks for another round of attempts. False unless it is quarantined, dismissed or waiting."""
    row = lock(s, job_id)
    if JobState(row.state) not in (JobState.QUARANTINED, JobState.DISMISSED, JobState.RETRY_WAIT):
        return False
    row.attempt_base = row.attempt
    move(s, row, JobState.READY, owner=who, detail="retried by an operator")
    audit.record(s, actor=who, action="retry", subject=f"job {job_id}", detail=row.reason or "")
    return True


def dismiss(s: Session, job_id: int, who: str, why: str) -> bool:
    """An operator gives a quarantined job up. False for one in any other state."""
    row = lock(s, job_id)
    if row.state != JobState.QUARANTINED:
        return False
    move(s, row, JobState.DISMISSED, owner=who, detail=why)
    audit.record(s, actor=who, action="dismiss", subject=f"job {job_id}", detail=why)
    return True
