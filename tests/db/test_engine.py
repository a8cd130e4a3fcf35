"""Engine, migrations, transactions, the clock."""

import multiprocessing
import stat
import threading
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from db import audit, instances
from db.engine import (
    SchemaState,
    Sessions,
    database_now,
    make_engine,
    make_sessions,
    migrate,
    moment_of,
    schema_state,
    transaction,
)
from db.node_tables import AuditRow
from screening import clock
from screening.errors import CommitUnknown, ConfigurationError, DatabaseUnavailable
from tests.db import factories
from tests.db.cutting import end_connections
from tests.servers.postgres import running_postgres


def _say(s: Session, what: str = "x") -> None:
    audit.record(s, actor="test", action="say", subject="nothing", detail=what)


def _migrate_once(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


def test_processes_that_start_at_once_all_find_the_schema(url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_migrate_once, args=(url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as s:
        _say(s)
    engine.dispose()


def test_migrating_again_keeps_what_is_there(engine: Engine, sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _say(s)
    migrate(engine)
    with transaction(sessions) as s:
        assert len(audit.newest(s)) == 1


def test_a_schema_of_a_newer_release_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="not of this release"):
        migrate(engine)


def test_whether_the_schema_is_of_this_release_is_told_without_changing_it(engine: Engine, url: str) -> None:
    def told(asked: Engine) -> SchemaState:
        with transaction(make_sessions(asked), read_only=True) as s:
            return schema_state(s)

    assert told(engine) is SchemaState.CURRENT
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert told(engine) is SchemaState.NEWER
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    assert told(engine) is SchemaState.BEHIND
    empty = make_engine(f"{url}.empty" if url.startswith("sqlite") else url)
    assert told(empty) is SchemaState.BEHIND
    assert inspect(empty).get_table_names() == []
    empty.dispose()


def test_a_failed_transaction_leaves_nothing(sessions: Sessions) -> None:
    with pytest.raises(KeyError), transaction(sessions) as s:  # noqa: PT012 (what comes before is the point)
        _say(s)
        raise KeyError
    with transaction(sessions) as s:
        assert audit.newest(s) == []


def test_a_read_only_transaction_cannot_write_and_the_next_one_can(sessions: Sessions) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"(?i)read.?only"), transaction(sessions, read_only=True) as s:
        _say(s)
    with transaction(sessions) as s:
        _say(s)
    with transaction(sessions, read_only=True) as s:
        assert len(audit.newest(s)) == 1


def test_the_clock_is_aware_utc_and_about_now(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        found = database_now(s)
        written = s.scalar(select(moment_of(s)))
    assert found.tzinfo is UTC
    assert abs(found - clock.now()) < timedelta(seconds=5)
    assert written is not None
    assert timedelta(0) <= written - found < timedelta(seconds=5)


def test_writers_under_load_never_meet_a_locked_database(sessions: Sessions) -> None:
    """Fails without BEGIN IMMEDIATE: a transaction that reads before it writes cannot wait for its turn."""
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(40):
                with transaction(sessions) as s:
                    assert s.scalar(select(AuditRow.sequence).limit(1)) is None or number >= 0
                    _say(s)
                    factories.receive(s)
        except BaseException as error:  # noqa: BLE001 (reported below, from the test's own thread)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    with transaction(sessions) as s:
        assert len(audit.newest(s, limit=1000)) == 240
        assert len(instances.received(s, limit=1000)) == 240


def test_a_reader_does_not_wait_for_a_writer(sessions: Sessions) -> None:
    with transaction(sessions) as writer:
        _say(writer)
        with transaction(sessions, read_only=True) as reader:
            assert audit.newest(reader) == []


def test_a_reader_sees_one_moment(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as reader:
        assert audit.newest(reader) == []
        with transaction(sessions) as writer:
            _say(writer)
        assert audit.newest(reader) == []


def test_no_error_names_a_parameter(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError) as caught, transaction(sessions) as s:
        factories.open_association(
            s, calling_ae_title="CANARY", called_ae_title=None, address="", rejected_contexts=[]
        )  # fmt: skip
    assert "CANARY" not in str(caught.value.statement)
    assert "hide_parameters" in str(caught.value)


def test_foreign_keys_hold(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), transaction(sessions) as s:
        factories.receive(s, association_id=12345)


def test_sqlite_is_durable_and_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / "opportune.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        assert found == ["wal", 2, 1, 30000]  # 2: FULL
        for kept in path.parent.iterdir():
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600, kept.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    engine.dispose()


def test_a_path_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseUnavailable, match="cannot be opened"):
        make_engine(f"sqlite:///{tmp_path / 'file' / 'opportune.sqlite'}")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "opportune.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        make_engine(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql+pymysql://host/db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql"):
        make_engine(url)


@pytest.mark.postgres
def test_postgresql_sessions_have_their_limits(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with engine.connect() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        }
        assert shown == {
            "statement_timeout": "1min",
            "lock_timeout": "30s",
            "idle_in_transaction_session_timeout": "2min",
        }
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
        assert connection.exec_driver_sql("SHOW timezone").scalar_one() == "UTC"
    engine.dispose()


@pytest.mark.postgres
def test_a_server_that_crashes_is_unavailable_and_recovers_alone() -> None:
    with running_postgres() as server:
        engine = make_engine(server.database())
        migrate(engine)
        sessions = make_sessions(engine)
        with transaction(sessions) as s:
            _say(s, "before")
        with pytest.raises(DatabaseUnavailable) as caught, transaction(sessions) as s:  # noqa: PT012
            _say(s, "lost")
            server.stop("immediate")
            _say(s, "lost")
        assert "lost" not in str(caught.value)
        with pytest.raises(DatabaseUnavailable, match="does not answer"), transaction(sessions) as s:
            _say(s)
        server.start()
        with transaction(sessions) as s:
            assert [entry.detail for entry in audit.newest(s)] == ["before"]
        engine.dispose()


@pytest.mark.postgres
def test_a_connection_that_is_cut_in_the_commit_leaves_its_outcome_unknown(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    with pytest.raises(CommitUnknown), transaction(make_sessions(engine)) as s:  # noqa: PT012
        _say(s)
        s.flush()
        end_connections(postgres_url)
    engine.dispose()


@pytest.mark.postgres
def test_a_standby_is_unavailable(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    with pytest.raises(DatabaseUnavailable, match="25006"), transaction(make_sessions(engine)) as s:  # noqa: PT012
        s.execute(text("SET TRANSACTION READ ONLY"))
        _say(s)
    engine.dispose()


@pytest.mark.postgres
def test_other_errors_stay_what_they_are(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with pytest.raises(DBAPIError, match="UndefinedTable"), transaction(make_sessions(engine)) as s:
        _say(s)
    engine.dispose()
