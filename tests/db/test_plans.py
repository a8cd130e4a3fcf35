"""No verb that a node runs again and again reads a table that grows with the years as a whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from benchmarks.scale.fill import fill
from benchmarks.scale.measure import TINY, reconciler_on
from benchmarks.scale.size import Size
from benchmarks.scale.verbs import Verbs
from db import instances
from db.engine import make_engine, make_sessions, migrate, transaction
from tests.db.plans import recorded, scans
from tests.servers.postgres import PostgresServer

SIZE = Size(instances=20_000)

ONCE_A_DAY = {"purge: what has served"}
"""Looks at every study, which are few beside their instances."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database in which rows are in every state."""
    url = f"sqlite:///{tmp_path_factory.mktemp('filled') / 'opportune.sqlite'}"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.database()
    engine = make_engine(url)
    migrate(engine)
    fill(engine, SIZE)
    yield engine
    engine.dispose()


def test_no_verb_reads_a_whole_table(filled: Engine, tmp_path: Path) -> None:
    found = {}
    for verb in Verbs(make_sessions(filled), SIZE, reconciler_on(filled, tmp_path)):
        with recorded(filled) as statements:
            verb.run()
        with filled.connect() as connection:
            whole = {scan.table for scan in scans(connection, statements, forced=True)} - TINY
        assert statements, verb.name
        if whole and verb.name not in ONCE_A_DAY:
            found[verb.name] = sorted(whole)
    assert found == {}


def test_a_lost_index_would_be_seen(filled: Engine) -> None:
    with recorded(filled) as statements, transaction(make_sessions(filled), read_only=True) as s:
        instances.received(s)
    connection = filled.connect()
    with connection, connection.begin() as undone:
        assert scans(connection, statements, forced=True) == []
        connection.execute(text("DROP INDEX ix_instances_received"))
        assert len(scans(connection, statements, forced=True)) == 1
        undone.rollback()
