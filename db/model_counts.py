"""How much each model did: outcomes by the tallies, its newest result among the newest of all."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import amounts, study_list, tallies
from db.tables import JobEventRow, JobRow, ResultRow, StudyRow
from screening.jobs import JobState

LOOKED_AT = 5_000
"""Newest results among which a model's last one is looked for: there is no index of results by model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LastResult:
    """The newest result of a model."""

    at: datetime
    study_id: int
    accession_number: str
    version: str
    kind: str  #: "findings" or "not_evaluable"
    code: str | None
    engine: str  #: what ran the networks, e.g. "OpenVINO 2026.3 (cpu)"; empty: it was not kept


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCount:
    """What one model did. Outcomes count from the release on that began to keep them."""

    findings: int = 0
    not_evaluable: int = 0
    quarantined: int = 0
    waiting: int = 0  #: ready, claimed or to be tried again
    last: LastResult | None = None  #: None: none is among the newest LOOKED_AT of all models


def of_models(s: Session) -> dict[str, ModelCount]:
    """By model, of those that did or have something."""
    outcomes, open_jobs, last = amounts.outcomes(tallies.read(s)), study_list.waiting_by_model(s), _last(s)
    found = {}
    for name in sorted({*outcomes, *open_jobs, *last}):
        kinds, states = outcomes.get(name, {}), open_jobs.get(name, Counter())
        quarantined = states.get(JobState.QUARANTINED, 0)
        found[name] = ModelCount(
            findings=kinds.get("findings", 0), not_evaluable=kinds.get("not_evaluable", 0), quarantined=quarantined,
            waiting=sum(states.values()) - quarantined, last=last.get(name),
        )  # fmt: skip
    return found


def _last(s: Session) -> dict[str, LastResult]:
    newest = s.scalar(select(func.max(ResultRow.id))) or 0
    ids = s.scalars(
        select(func.max(ResultRow.id))
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .where(ResultRow.id > newest - LOOKED_AT, ResultRow.id <= newest)
        .group_by(JobRow.model_name)
    ).all()
    query = (
        select(ResultRow, JobRow.model_name, JobRow.model_version, StudyRow.id, StudyRow.accession_number)
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .join(StudyRow, StudyRow.study_instance_uid == JobRow.study_instance_uid)
        .where(ResultRow.id.in_(ids))
    )
    rows = s.execute(query).all()
    engines = _engines(s, [row.job_id for row, *_ in rows])
    return {
        name: LastResult(
            at=row.created_at, study_id=study_id, accession_number=accession, version=version, kind=row.kind,
            code=row.code, engine=engines.get(row.job_id, ""),
        )
        for row, name, version, study_id, accession in rows
    }  # fmt: skip


def _engines(s: Session, job_ids: Iterable[int]) -> dict[int, str]:
    """What ran the networks of jobs, as `db.jobs.finish` wrote it down."""
    query = select(JobEventRow.job_id, JobEventRow.detail).where(
        JobEventRow.job_id.in_(list(job_ids)),
        JobEventRow.delivery_id.is_(None),
        JobEventRow.to_state == JobState.INFERRED,
    )
    rows = s.execute(query.order_by(JobEventRow.id)).all()
    return {job_id: (detail or "").removeprefix("by ") for job_id, detail in rows}
