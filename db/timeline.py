"""What the time of a job went to, from the first image of its study to the last confirmation of its results.

Moments are those of the rows that every step leaves; what only the process that did the work could measure is kept with
the result (`screening.stages`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import delivery_status, events, findings, jobs
from db.delivery_status import DeliveryStatus
from db.events import JobEvent
from db.tables import AssociationRow, InstanceRow
from screening.jobs import Job, JobState
from screening.reports import DeliveryState


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One piece of a job's time.

    `receive` (first to last image), `quiet` (until the study counted as complete), `intake` (until the job was
    opened), `queue` (until it was claimed), `attempts` (that failed), the kinds of `screening.stages` from `request` to
    `transfer` (with `wait`, for others that went through the child together), `store` (until outcome and report were
    written); then for each destination `deliver` (until they were taken to be sent), `send` (until the last was taken)
    and `confirm`.
    """

    name: str
    began: datetime
    seconds: float
    destination: str | None = None


def of_job(s: Session, job_id: int, *, quiet_seconds: float) -> list[Span]:
    """The spans of a job, in order, as far as it has come. Of attempts that failed nothing but their length is known.

    quiet_seconds: how long nothing must arrive before a study counts as complete.

    Raises
    ------
    KeyError
        If there is no such job.
    """
    job, history = jobs.get(s, job_id), events.of_job(s, job_id)
    claims = [event.at for event in history if event.to_state == JobState.CLAIMED]
    found = [*_before(s, job, quiet_seconds), *_chain(job.created_at, [("queue", claims[0])] if claims else [])]
    stored = _stored(history)
    if stored is None:
        return found
    claim = max((at for at in claims if at <= stored), default=claims[0])
    if claim > claims[0]:
        found += _chain(claims[0], [("attempts", claim)])
    found += _run(s, job_id, claim, stored)
    for destination, items in groupby(delivery_status.of_job(s, job_id), key=lambda item: item.destination):
        found += _delivery(destination, list(items), history, stored)
    return found


def _before(s: Session, job: Job, quiet_seconds: float) -> Iterator[Span]:
    """Until the job was opened, which later images did not hold up."""
    first, last, closed = s.execute(
        select(func.min(InstanceRow.received_at), func.max(InstanceRow.received_at), func.max(AssociationRow.closed_at))
        .outerjoin(AssociationRow, AssociationRow.id == InstanceRow.association_id)
        .where(InstanceRow.study_instance_uid == job.study_instance_uid, InstanceRow.received_at <= job.created_at)
    ).one()
    if first is None:
        return
    # a study is not complete while an association that brought a part of it is open
    quiet = max(last + timedelta(seconds=quiet_seconds), closed or last)
    quiet = min(quiet, job.created_at)  # an operator waits for nothing
    yield from _chain(first, [("receive", last), ("quiet", quiet), ("intake", job.created_at)])


def _stored(history: Sequence[JobEvent]) -> datetime | None:
    """When the outcome was written: the deliveries are planned last, in the same transaction."""
    planned = (event.at for event in history if event.delivery_id is not None and event.from_state is None)
    inferred = (event.at for event in history if event.to_state == JobState.INFERRED)
    return max((*planned, *inferred), default=None)


def _run(s: Session, job_id: int, claimed: datetime, stored: datetime) -> Iterator[Span]:
    stages = findings.stages_of(s, job_id)
    begun = claimed
    for name, seconds in ({} if stages is None else stages.by_kind()).items():
        yield Span(name=name, began=begun, seconds=seconds)
        begun += timedelta(seconds=seconds)
    yield from _chain(begun, [("run" if stages is None else "store", stored)])


def _delivery(
    destination: str, items: Sequence[DeliveryStatus], history: Sequence[JobEvent], stored: datetime
) -> Iterator[Span]:
    ids = {item.delivery_id for item in items}
    taken = [e.at for e in history if e.delivery_id in ids and e.to_state == DeliveryState.SENDING]
    sent = [item.sent_at for item in items if item.sent_at is not None]
    committed = [item.committed_at for item in items if item.committed_at is not None]
    steps = [("deliver", min(taken))] if taken else []
    steps += [("send", max(sent))] if len(sent) == len(items) else []
    steps += [("confirm", max(committed))] if len(committed) == len(items) else []
    yield from _chain(stored, steps, destination)


def _chain(begun: datetime, steps: Sequence[tuple[str, datetime]], destination: str | None = None) -> Iterator[Span]:
    """Spans that follow each other; each step is a name and the moment when it ended."""
    for name, ended in steps:
        seconds = max(0.0, (ended - begun).total_seconds())
        yield Span(name=name, began=begun, seconds=seconds, destination=destination)
        begun = max(begun, ended)
