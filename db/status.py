"""Status: what is where, in numbers (`db.tallies`)."""

from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import conditions, pauses, tallies
from db.engine import database_now
from db.instances import InstanceState
from db.tables import AssociationRow, JobRow
from db.tallies import Tallies
from screening.jobs import JobState
from screening.reports import DeliveryState

_WAITING = (JobState.READY, JobState.RETRY_WAIT)


def counts(s: Session) -> dict[str, Any]:
    """Everything that `opportune status --json` prints, ready for JSON. Every known state is there, if only as 0."""
    found = tallies.read(s)
    studies, selections = found.get(("studies", ""), {}), partial(_by, found, "selections")
    return {
        "instances": _filled(InstanceState, _by(found, "instances")),
        "refused_by_status": {f"0x{int(status):04X}": n for status, n in _by(found, "refusals").items()},
        "refused_contexts_by_sop_class": _by(found, "refused_contexts"),
        "associations": {
            "open": s.scalar(select(func.count()).where(AssociationRow.closed_at.is_(None))) or 0,
            "refused": _by(found, "associations").get("refused", 0),
        },
        "studies": sum(studies.values()),
        "studies_in_conflict": studies.get("conflict", 0),
        "jobs": _filled(JobState, _by(found, "jobs")),
        "not_evaluable_by_code": _by(found, "results", "not_evaluable"),
        "ineligible_by_code": selections("rejected"),
        "decisions": selections("decision"),
        "deliveries": {
            part: _filled(DeliveryState, states) for (table, part), states in found.items() if table == "deliveries"
        },
        "conditions": {item.subject: _condition(item) for item in conditions.known(s)},
        "pauses": {part.value: _pause(item) for part, item in pauses.known(s).items()},
        "oldest_waiting_job_seconds": _oldest(s),
    }


def _condition(item: conditions.Condition) -> dict[str, Any]:
    return {
        "failures": item.failures,
        "since": item.since.isoformat(timespec="seconds"),
        "retry_at": None if item.retry_at is None else item.retry_at.isoformat(timespec="seconds"),
        "detail": item.detail,
    }


def _pause(item: pauses.Pause) -> dict[str, str]:
    return {"since": item.at.isoformat(timespec="seconds"), "by": item.by, "why": item.why}


def _by(found: Tallies, table: str, part: str = "") -> dict[str, int]:
    return found.get((table, part), {})


def _filled(states: Any, found: dict[str, int]) -> dict[str, int]:
    return {state.value: found.get(state.value, 0) for state in states}


def _oldest(s: Session) -> float | None:
    """Age of the oldest job that no worker has, seconds; None when there is none."""
    first = [s.scalar(select(func.min(JobRow.created_at)).where(JobRow.state == state)) for state in _WAITING]
    oldest = min((moment for moment in first if moment is not None), default=None)
    return None if oldest is None else max(0.0, (database_now(s) - oldest).total_seconds())
