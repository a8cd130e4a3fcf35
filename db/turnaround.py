"""How long results took over time: in the queue, and from the first image of a study until the results were stored.

Where a window holds many jobs only each so-manieth is looked at, evenly over it, so that a busy month costs no more
than a quiet one; which ones does not depend on what is asked of them.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.by_time import numbers
from db.tables import DeliveryRow, JobEventRow, JobRow, StudyRow
from screening.jobs import JobState
from screening.reports import DeliveryState

MOST = 2000
"""Jobs that are looked at for one chart; among 67 a bar the 95th percentile is uncertain by three percent of rank."""

_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantiles:
    """Of lengths of time, seconds."""

    number: int  #: of lengths
    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """How long the jobs took that were opened within one bucket; None: none came so far."""

    waited: Quantiles | None  #: from the opening of a job until a worker first claimed it
    stored: Quantiles | None  #: from the first image of the study until the destinations had taken all objects


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """Of all buckets."""

    took: list[Took]
    every: int  #: each so-manieth job was looked at; 1: all


def times(s: Session, bounds: Sequence[datetime], *, most: int = MOST) -> Times:
    """How long the jobs took that were opened between each two of the rising moments.

    Jobs that revise an earlier result are left out of `stored`: their studies began long before the images that they
    are about. A result that is held back is not waited for, one that was refused for good has no such time.
    """
    candidates = numbers(s, JobRow.created_at, bounds[0], bounds[-1])
    every = max(1, -(-len(candidates) // most))
    waited: list[list[float]] = [[] for _ in bounds[1:]]
    stored: list[list[float]] = [[] for _ in bounds[1:]]
    for opened, wait, way in _lengths(s, candidates[::every]):
        bucket = bisect_right(bounds, opened) - 1
        if not 0 <= bucket < len(waited):
            continue
        if wait is not None:
            waited[bucket].append(wait)
        if way is not None:
            stored[bucket].append(way)
    took = [Took(waited=_quantiles(a), stored=_quantiles(b)) for a, b in zip(waited, stored, strict=True)]
    return Times(took=took, every=every)


def _lengths(s: Session, job_ids: Sequence[int]) -> Iterator[tuple[datetime, float | None, float | None]]:
    """When each job was opened, how long it waited and how long it took until its results were stored, in seconds."""
    # subqueries of one value each, which PostgreSQL answers by an index: for a join or EXISTS it reads whole tables
    first = select(StudyRow.first_received_at).where(StudyRow.study_instance_uid == JobRow.study_instance_uid)
    claimed = select(func.min(JobEventRow.at)).where(
        JobEventRow.job_id == JobRow.id, JobEventRow.to_state == JobState.CLAIMED
    )
    to_send = DeliveryRow.job_id == JobRow.id, DeliveryRow.state != DeliveryState.HELD
    all_sent = func.count() == func.count(DeliveryRow.sent_at)
    last = select(case((all_sent, func.max(DeliveryRow.sent_at)))).where(*to_send)
    values = (part.scalar_subquery() for part in (first, claimed, last))
    query = select(JobRow.created_at, JobRow.predecessor_id, *values)
    for begin in range(0, len(job_ids), _AT_ONCE):
        rows = s.execute(query.where(JobRow.id.in_(job_ids[begin : begin + _AT_ONCE])))
        for opened, predecessor, received, claim, sent in rows:
            known = sent is not None and predecessor is None
            yield (
                opened,
                None if claim is None else max(0.0, (claim - opened).total_seconds()),
                max(0.0, (sent - received).total_seconds()) if known else None,
            )


def _quantiles(values: list[float]) -> Quantiles | None:
    if not values:
        return None
    values = sorted(values)
    return Quantiles(number=len(values), p50=quantile(values, 0.5), p95=quantile(values, 0.95))


def quantile(ordered: Sequence[float], part: float) -> float:
    """Of rising values, at least one; between two of them in proportion, as PostgreSQL's percentile_cont has it."""
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
