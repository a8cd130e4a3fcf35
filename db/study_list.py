"""Studies as a list for people: the newest first, narrowed by what they know, a page at a time.

A page begins after the last study of the one before (its moment and number), so that a page far down costs as much as
the first.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from db.instances import LONGEST_ACCESSION_NUMBER, InstanceState
from db.tables import DeliveryRow, InstanceRow, JobRow, SelectionRow, SeriesRow, StudyRow
from screening.header import Header
from screening.jobs import JobState

OPEN = (JobState.READY, JobState.RETRY_WAIT, JobState.CLAIMED, JobState.QUARANTINED)
"""States that few jobs are in: the list is made from these jobs, not by asking every study."""

_FEW = (*OPEN, JobState.DISMISSED)
_LONGEST_UID = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which studies. What is not given does not narrow."""

    text: str = field(
        default="", repr=False
    )  #: an Accession Number, or a UID of a study, a series or one of our objects
    state: JobState | None = None  #: a job of it is in this state
    model: str = ""  #: a job of it is of this model
    since: datetime | None = None  #: its first image came then or later
    before: datetime | None = None  #: its first image came earlier than that


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page begins: after this study."""

    at: datetime
    study_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JobLine:
    """One job of a study."""

    model: str
    state: str
    deliveries: Counter[str]  #: states of its deliveries


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyLine:
    """One study."""

    study_id: int
    study_instance_uid: str
    accession_number: str
    first_received_at: datetime
    waiting: bool  #: for intake
    conflict: bool
    modalities: tuple[str, ...]
    jobs: tuple[JobLine, ...]
    decisions: tuple[tuple[str, str], ...]  #: (model, decision) of the models that have no job


def listed(s: Session, wanted: Wanted, *, after: Place | None = None, limit: int = 50) -> list[StudyLine]:
    """A page of studies, the newest first."""
    query = select(StudyRow).where(*_narrowed(s, wanted))
    if after is not None:
        later = and_(StudyRow.first_received_at == after.at, StudyRow.id < after.study_id)
        query = query.where(StudyRow.first_received_at <= after.at, or_(StudyRow.first_received_at < after.at, later))
    rows = s.scalars(query.order_by(StudyRow.first_received_at.desc(), StudyRow.id.desc()).limit(limit)).all()
    uids = [row.study_instance_uid for row in rows]
    jobs, modalities = _jobs(s, uids), _modalities(s, uids)
    decisions = _decisions(s, uids)
    return [
        StudyLine(
            study_id=row.id,
            study_instance_uid=row.study_instance_uid,
            accession_number=row.accession_number,
            first_received_at=row.first_received_at,
            waiting=row.intake_due,
            conflict=row.conflict is not None,
            modalities=tuple(modalities.get(row.study_instance_uid, ())),
            jobs=tuple(jobs.get(row.study_instance_uid, ())),
            decisions=tuple(
                _without_job(decisions.get(row.study_instance_uid, ()), jobs.get(row.study_instance_uid, ()))
            ),
        )
        for row in rows
    ]


def _without_job(decisions: Iterable[tuple[str, str]], jobs: Iterable[JobLine]) -> list[tuple[str, str]]:
    have = {job.model for job in jobs}
    return [(model, code) for model, code in decisions if model not in have]


def _narrowed(s: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        found.append(StudyRow.study_instance_uid.in_(_named(s, wanted.text)))
    if wanted.since is not None:
        found.append(StudyRow.first_received_at >= wanted.since)
    if wanted.before is not None:
        found.append(StudyRow.first_received_at < wanted.before)
    of_job = [JobRow.state == wanted.state] if wanted.state is not None else []
    of_job += [JobRow.model_name == wanted.model] if wanted.model else []
    if wanted.state in _FEW:
        # looked up first, as a list of its own: asking each study for such a job takes seconds where few have one
        uids = select(JobRow.study_instance_uid).where(*of_job).distinct().cte("named").prefix_with("MATERIALIZED")
        found.append(StudyRow.study_instance_uid.in_(select(uids.c.study_instance_uid)))
    elif of_job:
        if wanted.state is not None and s.get_bind().dialect.name == "sqlite":
            # not by the index of states: for each study SQLite would look through every job that is done
            of_job[0] = func.coalesce(JobRow.state, "") == wanted.state
        found.append(exists().where(JobRow.study_instance_uid == StudyRow.study_instance_uid, *of_job))
    return found


def _named(s: Session, text: str) -> list[str]:
    """Study Instance UIDs that a text names, by whichever identifier it is."""
    queries: list[Any] = [
        select(StudyRow.study_instance_uid).where(StudyRow.accession_number == text[:LONGEST_ACCESSION_NUMBER])
    ]
    if len(text) <= _LONGEST_UID:
        queries += [
            select(StudyRow.study_instance_uid).where(StudyRow.study_instance_uid == text),
            select(InstanceRow.study_instance_uid).where(
                InstanceRow.sop_instance_uid == text, InstanceRow.state == InstanceState.INDEXED
            ),
            select(JobRow.study_instance_uid)
            .join(DeliveryRow, DeliveryRow.job_id == JobRow.id)
            .where(DeliveryRow.sent_sop_instance_uid == text),
        ]
    return sorted({uid for query in queries for uid in s.scalars(query.limit(1000)) if uid})


def _jobs(s: Session, uids: list[str]) -> dict[str, list[JobLine]]:
    rows = s.execute(
        select(JobRow.id, JobRow.study_instance_uid, JobRow.model_name, JobRow.state)
        .where(JobRow.study_instance_uid.in_(uids), JobRow.state != JobState.SUPERSEDED)
        .order_by(JobRow.model_name, JobRow.id)
    ).all()
    states: dict[int, Counter[str]] = {}
    counted = select(DeliveryRow.job_id, DeliveryRow.state, func.count()).where(
        DeliveryRow.job_id.in_([row.id for row in rows])
    )
    for job_id, state, number in s.execute(counted.group_by(DeliveryRow.job_id, DeliveryRow.state)):
        states.setdefault(job_id, Counter())[state] = number
    found: dict[str, list[JobLine]] = {}
    for row in rows:
        line = JobLine(model=row.model_name, state=row.state, deliveries=states.get(row.id, Counter()))
        found.setdefault(row.study_instance_uid, []).append(line)
    return found


def _modalities(s: Session, uids: list[str]) -> dict[str, list[str]]:
    rows = s.execute(
        select(SeriesRow.study_instance_uid, SeriesRow.modality)
        .where(SeriesRow.study_instance_uid.in_(uids))
        .distinct()
        .order_by(SeriesRow.modality)
    )
    found: dict[str, list[str]] = {}
    for uid, modality in rows:
        found.setdefault(uid, []).append(modality)
    return found


def _decisions(s: Session, uids: list[str]) -> dict[str, list[tuple[str, str]]]:
    rows = s.execute(
        select(SelectionRow.study_instance_uid, SelectionRow.model_name, SelectionRow.code)
        .where(SelectionRow.study_instance_uid.in_(uids), SelectionRow.kind == "decision")
        .order_by(SelectionRow.model_name, SelectionRow.id)
    )
    found: dict[str, dict[str, str]] = {}
    for uid, model, code in rows:
        found.setdefault(uid, {})[model] = code  # the last is of the newest version
    return {uid: list(codes.items()) for uid, codes in found.items()}


def uid_of(s: Session, study_id: int) -> str:
    """The Study Instance UID of a study's number. Raises KeyError when there is none."""
    found = s.scalar(select(StudyRow.study_instance_uid).where(StudyRow.id == study_id))
    if found is None:
        raise KeyError(f"no study {study_id}")
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Brief:
    """What leads to a study."""

    study_id: int
    accession_number: str


def brief(s: Session, uids: Iterable[str]) -> dict[str, Brief]:
    """The studies with these Study Instance UIDs, by UID; those that there are."""
    columns = StudyRow.study_instance_uid, StudyRow.id, StudyRow.accession_number
    rows = s.execute(select(*columns).where(StudyRow.study_instance_uid.in_(set(uids))))
    return {uid: Brief(study_id=number, accession_number=accession) for uid, number, accession in rows}


def waiting_by_model(s: Session) -> dict[str, Counter[str]]:
    """How many jobs of each model are in each of the states that few are in."""
    query = select(JobRow.model_name, JobRow.state, func.count()).where(JobRow.state.in_(OPEN))
    found: dict[str, Counter[str]] = {}
    for model, state, number in s.execute(query.group_by(JobRow.model_name, JobRow.state).order_by(JobRow.model_name)):
        found.setdefault(model, Counter())[state] = number
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesLine:
    """One series of a study, by the header of its first image."""

    series_instance_uid: str
    series_number: int | None
    modality: str
    images: int
    header: Header = field(repr=False)


def series_of(s: Session, study_instance_uid: str) -> list[SeriesLine]:
    """The series of a study with the images that are indexed or were purged, in the order of Series Number."""
    kept = InstanceRow.state.in_([InstanceState.INDEXED, InstanceState.PURGED])
    counted = (
        select(InstanceRow.series_id, func.count().label("images"), func.min(InstanceRow.id).label("first"))
        .where(InstanceRow.study_instance_uid == study_instance_uid, kept)
        .group_by(InstanceRow.series_id)
        .subquery()
    )
    rows = s.execute(
        select(SeriesRow, counted.c.images, InstanceRow.header)
        .join(counted, counted.c.series_id == SeriesRow.id)
        .join(InstanceRow, InstanceRow.id == counted.c.first)
        .order_by(SeriesRow.series_number, SeriesRow.series_instance_uid)
    )
    return [
        SeriesLine(
            series_instance_uid=row.series_instance_uid, series_number=row.series_number, modality=row.modality,
            images=images, header=Header(header or {}),
        )
        for row, images, header in rows
    ]  # fmt: skip
