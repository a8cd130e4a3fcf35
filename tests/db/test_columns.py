"""Column types: aware moments, and text and JSON from outside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from db.columns import Number, SafeJson, SafeText, UtcDateTime, clean_json

_TABLE = Table(
    "tried",
    MetaData(),
    Column("id", Number, primary_key=True),
    Column("at", UtcDateTime),
    Column("said", SafeText),
    Column("kept", SafeJson),
)


def _through(engine: Engine, **values: object) -> dict[str, object]:
    """The values as they come back from the database."""
    _TABLE.create(engine, checkfirst=True)
    with engine.begin() as connection:
        connection.execute(insert(_TABLE).values(**values))
    with engine.connect() as connection:
        row = connection.execute(select(_TABLE).order_by(_TABLE.c.id.desc()).limit(1)).one()
    return dict(row._mapping)


def test_a_moment_of_any_zone_comes_back_aware_in_utc(engine: Engine) -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    found = _through(engine, at=moment)["at"]
    assert found == moment
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


def test_a_naive_moment_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="must be aware"):
        _through(engine, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_text_that_postgresql_cannot_store_is_made_storable(engine: Engine) -> None:
    found = _through(engine, said="a\x00b\ud800c 'Müller' \N{GRINNING FACE}\r\n<script>")
    assert found["said"] == "a\ufffdb\ufffdc 'Müller' \N{GRINNING FACE}\r\n<script>"


def test_json_keeps_what_json_has_and_nulls_the_rest(engine: Engine) -> None:
    given = {"nan": float("nan"), "inf": [float("inf"), 0.5], "nul": "x\x00", "deep": {"k\x00": (1, True, None)}}
    found = _through(engine, kept=given)["kept"]
    assert found == {"nan": None, "inf": [None, 0.5], "nul": "x\ufffd", "deep": {"k\ufffd": [1, True, None]}}


def test_nothing_stays_nothing(engine: Engine) -> None:
    found = _through(engine, at=None, said=None, kept=None)
    assert (found["at"], found["said"], found["kept"]) == (None, None, None)
    assert clean_json(None) is None


def test_sqlite_keeps_utc() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    bound = UtcDateTime().process_bind_param(moment, sqlite.dialect())
    assert bound == datetime(2026, 1, 1, 11)  # noqa: DTZ001
