"""A connection that is kept between transactions, and given up when it may be dead."""

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from db import lasting
from db.engine import Sessions, make_engine, make_sessions, migrate
from db.lasting import LastingConnection
from db.tables import AssociationRow
from screening.errors import CommitUnknown, DatabaseUnavailable
from tests.db.cutting import end_connections

_ROW = (
    "INSERT INTO associations (calling_ae_title, called_ae_title, address, opened_at)"
    " VALUES ({}, 'B', '1', '2026-01-01')"
)


def _write(kept: LastingConnection, name: str = "'CT1'") -> int:
    """Write a row; which connection did it."""
    with kept.transaction() as connection:
        connection.execute(text(_ROW.format(name)))
        return id(connection.connection.driver_connection)


def _written(sessions: Sessions) -> list[str]:
    with sessions() as s:
        return list(s.scalars(select(AssociationRow.calling_ae_title)))


def test_it_is_kept_and_each_transaction_is_its_own(sessions: Sessions) -> None:
    kept = LastingConnection(sessions)
    first = _write(kept)
    assert _written(sessions) == ["CT1"]
    assert _write(kept, "'CT2'") == first
    assert _written(sessions) == ["CT1", "CT2"]
    kept.close()
    kept.close()


def test_it_goes_back_to_the_pool_when_it_was_not_used(
    engine: Engine, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    event.listen(engine, "checkout", lambda *_: taken.append("once more"))
    kept = LastingConnection(sessions)
    for _ in range(3):
        _write(kept)
    assert len(taken) == 1
    monkeypatch.setattr(lasting, "_IDLE_SECONDS", -1.0)
    _write(kept)
    assert len(taken) == 2
    kept.close()


def test_what_fails_is_rolled_back_and_the_next_is_not_hurt(sessions: Sessions) -> None:
    kept = LastingConnection(sessions)
    with pytest.raises(IntegrityError):
        _write(kept, "NULL")
    _write(kept)
    assert _written(sessions) == ["CT1"]
    kept.close()


@pytest.mark.postgres
@pytest.mark.parametrize("in_commit", [False, True])
def test_one_that_is_cut(in_commit: bool, postgres_url: str) -> None:
    """Before the commit nothing was done; in it nobody knows. Then there is a new connection."""
    engine = make_engine(postgres_url)
    migrate(engine)
    kept = LastingConnection(make_sessions(engine))
    _write(kept)
    with pytest.raises(DatabaseUnavailable) as caught, kept.transaction() as connection:  # noqa: PT012
        connection.execute(text("SELECT 1"))
        end_connections(postgres_url)
        if not in_commit:
            connection.execute(text("SELECT 1"))
    assert type(caught.value) is (CommitUnknown if in_commit else DatabaseUnavailable)
    _write(kept)
    kept.close()
    engine.dispose()
