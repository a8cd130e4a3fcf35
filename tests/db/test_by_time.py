"""Rows of a time are found by their numbers: the first, the last, over gaps, and without reading the table."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from db.by_time import SLACK, first_from, numbers, within
from db.engine import Sessions, transaction
from db.tables import AssociationRow
from tests.db.plans import recorded, scans

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
OPENED = AssociationRow.opened_at


def _fill(s: Session, hours: dict[int, float]) -> None:
    """An association with each number, opened so many hours after the begin."""
    common = {"calling_ae_title": "CT1", "called_ae_title": "OPPORTUNE", "address": "10.0.0.1"}
    rows = [{**common, "id": number, "opened_at": BEGIN + timedelta(hours=at)} for number, at in hours.items()]
    s.execute(insert(AssociationRow), rows)


def _at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("hours", "number"), [(-1, 5), (0, 5), (0.5, 6), (1, 6), (2, 90), (4.9, 91), (5, 91), (5.1, 92)]
)
def test_the_first_row_of_a_time(sessions: Sessions, hours: float, number: int) -> None:
    with transaction(sessions) as s:
        _fill(s, {5: 0, 6: 1, 7: 1.5, 90: 2, 91: 5})
        found = first_from(s, OPENED, _at(hours))
        after = s.scalars(select(AssociationRow.id).where(AssociationRow.id >= found).order_by(AssociationRow.id))
        assert (after.first() or 92) == number


def test_an_empty_table(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert list(numbers(s, OPENED, _at(0), _at(9))) == []
        assert s.scalars(select(AssociationRow.id).where(within(s, OPENED, _at(0), _at(9)))).all() == []


def test_rows_within_a_time_also_when_a_clock_was_put_back(sessions: Sessions) -> None:
    back = SLACK.total_seconds() / 3600 - 0.01
    with transaction(sessions) as s:
        _fill(s, {1: 0, 2: 1, 3: 5, 4: 5 - back, 5: 6, 6: 8, 7: 8 - back, 8: 9})
        found = s.scalars(select(AssociationRow.id).where(within(s, OPENED, _at(5), _at(8)))).all()
        assert sorted(found) == [3, 5, 7]


def test_no_table_is_read_as_a_whole(sessions: Sessions, engine: Engine) -> None:
    with transaction(sessions) as s:
        _fill(s, {number: number / 10 for number in range(1, 2000)})
    with recorded(engine) as statements, transaction(sessions, read_only=True) as s:
        assert len(s.scalars(select(AssociationRow.id).where(within(s, OPENED, _at(50), _at(60)))).all()) == 100
    assert len(statements) < 30
    with engine.connect() as connection:
        assert scans(connection, statements, forced=True) == []
