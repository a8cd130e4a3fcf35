"""Statements that are compiled once do what SQLAlchemy would have done."""

from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest
from sqlalchemy import Table, bindparam, insert, select, update

from db.engine import Sessions
from db.prepared import Prepared
from db.tables import AssociationRow

_TABLE = cast("Table", AssociationRow.__table__)
_COLUMNS = ("calling_ae_title", "called_ae_title", "address", "opened_at")
_ROW = {"calling_ae_title": "CT\x00 1", "called_ae_title": "US", "address": "%s ? :x"}
_MOMENT = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=2)))


def test_values_are_stored_as_their_columns_have_them(sessions: Sessions) -> None:
    plain, prepared = insert(_TABLE), Prepared(insert(_TABLE).returning(AssociationRow.id), _COLUMNS)
    with sessions.begin() as s:
        s.connection().execute(plain, [{**_ROW, "opened_at": _MOMENT}])
        number = prepared.run(s.connection(), [{**_ROW, "opened_at": _MOMENT}]).scalar_one()
    with sessions() as s:
        rows = [(row.calling_ae_title, row.address, row.opened_at) for row in s.scalars(select(AssociationRow))]
        assert s.get_one(AssociationRow, number).called_ae_title == "US"
    assert rows[0] == rows[1]
    assert rows[1][1:] == ("%s ? :x", datetime(2026, 11, 22, 21, 30, tzinfo=UTC))


def test_it_runs_for_many_rows(sessions: Sessions) -> None:
    prepared = Prepared(insert(_TABLE), _COLUMNS)
    how = Prepared(update(_TABLE).where(AssociationRow.address == bindparam("where")).values(ended=bindparam("how")))
    with sessions.begin() as s:
        rows = [{**_ROW, "address": str(number), "opened_at": _MOMENT} for number in range(3)]
        prepared.run(s.connection(), rows)
        how.run(s.connection(), [{"where": "0", "how": "released"}, {"where": "2", "how": "aborted"}])
    with sessions() as s:
        assert list(s.scalars(select(AssociationRow.ended).order_by(AssociationRow.id))) == [
            "released",
            None,
            "aborted",
        ]


def test_a_naive_moment_is_refused_as_everywhere(sessions: Sessions) -> None:
    prepared = Prepared(insert(_TABLE), _COLUMNS)
    with sessions() as s, pytest.raises(ValueError, match="aware"):
        prepared.run(s.connection(), [{**_ROW, "opened_at": datetime(2026, 1, 1)}])  # noqa: DTZ001
