"""Status: what is where, in numbers."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import conditions
from db.engine import database_now
from db.instances import InstanceState
from db.tables import (
    AssociationRow,
    DeliveryRow,
    InstanceRow,
    JobRow,
    RefusalRow,
    RefusedContextRow,
    ResultRow,
    SelectionRow,
    StudyRow,
)
from screening.jobs import JobState
from screening.reports import DeliveryState

_WAITING = (JobState.READY, JobState.RETRY_WAIT)


def counts(s: Session) -> dict[str, Any]:
    """Everything that `opportune status --json` prints, ready for JSON. Every known state is there, if only as 0."""
    return {
        "instances": _filled(InstanceState, _by(s, InstanceRow.state)),
        "refused_by_status": {f"0x{int(status):04X}": n for status, n in _by(s, RefusalRow.status).items()},
        "refused_contexts_by_sop_class": _by(s, RefusedContextRow.abstract_syntax),
        "associations": {
            "open": _count(s, AssociationRow.closed_at.is_(None)),
            "refused": _count(s, AssociationRow.refused.is_not(None)),
        },
        "studies": s.scalar(select(func.count()).select_from(StudyRow)) or 0,
        "studies_in_conflict": _count(s, StudyRow.conflict.is_not(None)),
        "jobs": _filled(JobState, _by(s, JobRow.state)),
        "not_evaluable_by_code": _by(s, ResultRow.code, ResultRow.kind == "not_evaluable"),
        "ineligible_by_code": _by(s, SelectionRow.code, SelectionRow.kind == "rejected"),
        "decisions": _by(s, SelectionRow.code, SelectionRow.kind == "decision"),
        "deliveries": _deliveries(s),
        "conditions": {item.subject: _condition(item) for item in conditions.known(s)},
        "oldest_waiting_job_seconds": _oldest(s),
    }


def _condition(item: conditions.Condition) -> dict[str, Any]:
    return {
        "failures": item.failures,
        "since": item.since.isoformat(timespec="seconds"),
        "retry_at": None if item.retry_at is None else item.retry_at.isoformat(timespec="seconds"),
        "detail": item.detail,
    }


def _by(s: Session, column: InstrumentedAttribute[Any], *which: Any) -> dict[str, int]:
    query = select(column, func.count()).where(*which).group_by(column).order_by(column)
    return {str(value): number for value, number in s.execute(query)}


def _count(s: Session, which: Any) -> int:
    return s.scalar(select(func.count()).where(which)) or 0


def _filled(states: Any, found: dict[str, int]) -> dict[str, int]:
    return {state.value: found.get(state.value, 0) for state in states}


def _deliveries(s: Session) -> dict[str, dict[str, int]]:
    query = select(DeliveryRow.destination, DeliveryRow.state, func.count())
    query = query.group_by(DeliveryRow.destination, DeliveryRow.state).order_by(DeliveryRow.destination)
    found: dict[str, dict[str, int]] = {}
    for destination, state, number in s.execute(query):
        found.setdefault(destination, {})[state] = number
    return {destination: _filled(DeliveryState, states) for destination, states in found.items()}


def _oldest(s: Session) -> float | None:
    """Age of the oldest job that no worker has, seconds; None when there is none."""
    oldest = s.scalar(select(func.min(JobRow.created_at)).where(JobRow.state.in_(_WAITING)))
    return None if oldest is None else max(0.0, (database_now(s) - oldest).total_seconds())
