"""Results as a list for people: the newest first, narrowed, a page at a time.

There is no index of results by model, answer or delivery, and none is needed to be quick: a page is made of at most
`LOOKED_AT` results, and says where the next one goes on. What is rare takes several pages, never a long one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, not_, select, tuple_
from sqlalchemy.orm import Session

from db import tallies
from db.tables import DeliveryRow, FindingRow, JobRow, ResultRow, StudyRow
from screening.codes import RISK_HIGH, RISK_STRATUM
from screening.jobs import JobState
from screening.reports import DeliveryState

LOOKED_AT = 10_000
"""Results that one page is made of, at most."""

_THERE = (DeliveryState.SENT, DeliveryState.COMMIT_REQUESTED, DeliveryState.COMMITTED)


class Answer(StrEnum):
    """What a model said. No model has thresholds of its own: high or not is told by the site's, as they were then."""

    POSITIVE = "positive"  #: the risk stratum is high
    NEGATIVE = "negative"  #: it is low or moderate
    UNGRADED = "ungraded"  #: findings without a stratum: the site had set no thresholds, or the model knows none
    NOT_EVALUABLE = "not_evaluable"


class Way(StrEnum):
    """What became of a result's objects."""

    HELD = "held"  #: a destination does not accept the evidence level: a shadow result
    DELIVERED = "delivered"  #: a destination took an object of it
    NOWHERE = "nowhere"  #: no destination has it or is held back from it: waits, failed, or goes nowhere


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which results. What is not given does not narrow."""

    model: str = ""
    versions: Collection[tuple[str, str]] | None = None  #: (model, version)s, e.g. those of one evidence level
    answer: Answer | None = None
    way: Way | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """The first measurement of the first group of findings."""

    code: str
    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    horizon_days: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """How many objects of a result are in one state on the way to one destination."""

    destination: str
    state: str
    objects: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultLine:
    """One result."""

    result_id: int
    job_id: int
    study_id: int
    accession_number: str
    model: str
    version: str
    superseded: bool  #: a later result of the study took its place
    at: datetime
    answer: Answer
    stratum: str  #: in words; empty without one
    headline: Headline | None  #: None: not evaluable
    code: str | None  #: why not evaluable
    reason: str | None
    out_of_distribution: float | None
    sent: tuple[Sent, ...]

    @property
    def held(self) -> tuple[str, ...]:
        """Destinations that do not accept its evidence level."""
        return tuple(item.destination for item in self.sent if item.state == DeliveryState.HELD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some results, and where the next page begins."""

    lines: tuple[ResultLine, ...]
    before: int | None  #: the next page has results of lower numbers; None: there are none
    cut: bool  #: LOOKED_AT results were looked at before the page was full


def listed(s: Session, wanted: Wanted, *, before: int | None = None, limit: int = 50) -> Page:
    """A page of results, the newest first; before: of the page before."""
    newest = select(func.max(ResultRow.id))
    top = s.scalar(newest if before is None else newest.where(ResultRow.id < before)) or 0
    floor = max(top - LOOKED_AT, 0)
    query = (
        select(ResultRow.id)
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .where(ResultRow.id <= top, ResultRow.id > floor, *_narrowed(wanted))
        .order_by(ResultRow.id.desc())
        .limit(limit + 1)
    )
    ids = s.scalars(query).all()
    lines = _lines(s, ids[:limit])
    if len(ids) > limit:
        return Page(lines=lines, before=ids[limit - 1], cut=False)
    older = s.scalar(select(func.max(ResultRow.id)).where(ResultRow.id <= floor))
    return Page(lines=lines, before=None if older is None else floor + 1, cut=older is not None)


def held(s: Session) -> dict[str, int]:
    """How many objects are held, by destination."""
    found = {}
    for (counted, destination), states in tallies.read(s).items():
        if counted == DeliveryRow.__tablename__ and states.get(DeliveryState.HELD):
            found[destination] = states[DeliveryState.HELD]
    return found


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.model:
        found.append(JobRow.model_name == wanted.model)
    if wanted.versions is not None:
        found.append(tuple_(JobRow.model_name, JobRow.model_version).in_(sorted(wanted.versions)))
    if wanted.answer is not None:
        found += _answered(wanted.answer)
    if wanted.way is not None:
        at_hand = _delivery(DeliveryState.HELD), _delivery(*_THERE)
        found.append({Way.HELD: at_hand[0], Way.DELIVERED: at_hand[1]}.get(wanted.way, not_(at_hand[0] | at_hand[1])))
    return found


def _answered(answer: Answer) -> list[ColumnElement[bool]]:
    if answer is Answer.NOT_EVALUABLE:
        return [ResultRow.kind == "not_evaluable"]
    graded = exists().where(
        FindingRow.job_id == ResultRow.job_id, FindingRow.group_index == 0, FindingRow.position > 0, *_is_stratum()
    )
    high = FindingRow.answer_value == RISK_HIGH.value
    wanted = {
        Answer.POSITIVE: graded.where(high),
        Answer.NEGATIVE: graded.where(not_(high)),
        Answer.UNGRADED: not_(graded),
    }
    return [ResultRow.kind == "findings", wanted[answer]]


def _is_stratum() -> tuple[ColumnElement[bool], ...]:
    """A model tells the stratum in the group of its headline."""
    return FindingRow.name_value == RISK_STRATUM.value, FindingRow.name_scheme == RISK_STRATUM.scheme


def _delivery(*states: DeliveryState) -> ColumnElement[bool]:
    return exists().where(DeliveryRow.job_id == ResultRow.job_id, DeliveryRow.state.in_(states))


def _lines(s: Session, ids: Sequence[int]) -> tuple[ResultLine, ...]:
    query = (
        select(ResultRow, JobRow.model_name, JobRow.model_version, JobRow.state, StudyRow.id, StudyRow.accession_number)
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .join(StudyRow, StudyRow.study_instance_uid == JobRow.study_instance_uid)
        .where(ResultRow.id.in_(ids))
        .order_by(ResultRow.id.desc())
    )
    rows = s.execute(query).all()
    jobs = [row.job_id for row, *_ in rows]
    headlines, strata, sent = _headlines(s, jobs), _strata(s, jobs), _sent(s, jobs)
    return tuple(
        ResultLine(
            result_id=row.id, job_id=row.job_id, study_id=study_id, accession_number=accession, model=model,
            version=version, superseded=state == JobState.SUPERSEDED, at=row.created_at,
            answer=_answer(row.kind, strata.get(row.job_id)), stratum=strata.get(row.job_id, ("", ""))[1],
            headline=headlines.get(row.job_id), code=row.code, reason=row.reason,
            out_of_distribution=row.out_of_distribution, sent=tuple(sent.get(row.job_id, ())),
        )
        for row, model, version, state, study_id, accession in rows
    )  # fmt: skip


def _answer(kind: str, stratum: tuple[str, str] | None) -> Answer:
    if kind == "not_evaluable":
        return Answer.NOT_EVALUABLE
    if stratum is None:
        return Answer.UNGRADED
    return Answer.POSITIVE if stratum[0] == RISK_HIGH.value else Answer.NEGATIVE


def _headlines(s: Session, job_ids: Sequence[int]) -> dict[int, Headline]:
    first = and_(FindingRow.group_index == 0, FindingRow.position == 0)
    rows = s.scalars(select(FindingRow).where(FindingRow.job_id.in_(job_ids), first))
    return {
        row.job_id: Headline(
            code=row.name_value, name=row.name_meaning, value=row.value, unit=row.unit_value or "", low=row.low,
            high=row.high, horizon_days=row.horizon_days,
        )
        for row in rows if row.value is not None
    }  # fmt: skip


def _strata(s: Session, job_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Code and words of each job's risk stratum."""
    columns = FindingRow.job_id, FindingRow.answer_value, FindingRow.answer_meaning
    query = select(*columns).where(FindingRow.job_id.in_(job_ids), FindingRow.group_index == 0, *_is_stratum())
    return {job_id: (value or "", meaning or "") for job_id, value, meaning in s.execute(query)}


def _sent(s: Session, job_ids: Iterable[int]) -> dict[int, list[Sent]]:
    keys = DeliveryRow.job_id, DeliveryRow.destination, DeliveryRow.state
    query = select(*keys, func.count()).where(DeliveryRow.job_id.in_(list(job_ids))).group_by(*keys).order_by(*keys)
    found: dict[int, list[Sent]] = {}
    for job_id, destination, state, objects in s.execute(query):
        found.setdefault(job_id, []).append(Sent(destination=destination, state=state, objects=objects))
    return found
