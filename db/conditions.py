"""Conditions: what is wrong now, one row for each part of the node that fails. No row: it works.

A destination's condition is its circuit breaker: after some failures in a row it is left alone until `retry_at`, and
then tried by one sender at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.engine import database_now
from db.node_tables import ConditionRow
from db.upsert import insert_or_ignore

SPOOL = "spool"
_DESTINATION = "destination "


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What is wrong with one part."""

    subject: str
    failures: int  #: in a row
    since: datetime
    retry_at: datetime | None
    detail: str


def destination(name: str) -> str:
    """The subject of a destination's condition."""
    return f"{_DESTINATION}{name}"


def failed(
    s: Session, subject: str, detail: str, retry_at: Callable[[int], datetime | None] | None = None
) -> Condition:
    """It failed once more. retry_at: says when to try again after so many failures in a row."""
    values = {"subject": subject, "failures": 0, "since": database_now(s), "detail": detail}
    insert_or_ignore(s, ConditionRow, ["subject"], values)
    row = _locked(s, subject)
    assert row is not None  # noqa: S101 (inserted above; for the type checker)
    row.failures += 1
    row.detail, row.retry_at = detail, None if retry_at is None else retry_at(row.failures)
    s.flush()
    return _value(row)


def cleared(s: Session, subject: str) -> bool:
    """It works. Whether it did not before."""
    found = s.execute(delete(ConditionRow).where(ConditionRow.subject == subject).returning(ConditionRow.id))
    return found.one_or_none() is not None


def may_try(s: Session, subject: str, *, probe_seconds: float) -> bool:
    """Whether it may be tried now. Who may, while it is known to fail, is the only one for probe_seconds."""
    now = database_now(s)
    row = _locked(s, subject)
    if row is None or row.retry_at is None:
        return True
    if row.retry_at > now:
        return False
    row.retry_at = now + timedelta(seconds=probe_seconds)
    s.flush()
    return True


def closed_destinations(s: Session) -> list[str]:
    """Names of the destinations that are left alone now."""
    waiting = ConditionRow.subject.startswith(_DESTINATION), ConditionRow.retry_at > database_now(s)
    return [subject.removeprefix(_DESTINATION) for subject in s.scalars(select(ConditionRow.subject).where(*waiting))]


def known(s: Session) -> list[Condition]:
    """Everything that is wrong now, by subject."""
    return [_value(row) for row in s.scalars(select(ConditionRow).order_by(ConditionRow.subject))]


def _locked(s: Session, subject: str) -> ConditionRow | None:
    query = select(ConditionRow).where(ConditionRow.subject == subject).with_for_update()
    return s.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _value(row: ConditionRow) -> Condition:
    return Condition(
        subject=row.subject, failures=row.failures, since=row.since, retry_at=row.retry_at, detail=row.detail
    )
