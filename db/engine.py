"""The database's front door: engine, schema, sessions, transactions and the database's clock."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, exc, func, literal, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql.elements import ColumnElement

from db.columns import UtcDateTime
from screening import clock
from screening.errors import CommitUnknown, ConfigurationError, DatabaseUnavailable

Sessions = sessionmaker[Session]

_READ_ONLY = "opportune_read_only"
_BUSY_MILLISECONDS = 30_000
# What a statement, a lock and an idle transaction may take; a lock never waits longer than SQLite's writers do.
_POSTGRES_OPTIONS = (
    "-c statement_timeout=60000 -c lock_timeout=30000 -c idle_in_transaction_session_timeout=120000"
    " -c synchronous_commit=on -c timezone=UTC"
)
_MIGRATION_LOCK = 0x4F50504F5254554E  # "OPPORTUN": the key of PostgreSQL's advisory lock
# SQLSTATE that psycopg2 calls internal errors: read_only_sql_transaction (a standby after a failover) and
# idle_in_transaction_session_timeout
_UNAVAILABLE = ("25006", "25P03")
_POSTGRES_NOW = select(func.clock_timestamp(type_=UtcDateTime()))
_alembic = threading.Lock()  # Alembic's context is global to the process


def make_engine(url: str) -> Engine:
    """An engine with the settings that durability and concurrency need.

    Neither SQL nor parameters are logged, and no error message holds a parameter: they may identify a patient.

    Raises
    ------
    DatabaseUnavailable
        If an SQLite file cannot be made or opened.
    ConfigurationError
        If the URL is neither of PostgreSQL nor of an SQLite file.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg2"),  # SQLAlchemy's own choice is another driver
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            connect_args={
                "options": _POSTGRES_OPTIONS,
                "connect_timeout": 5,
                "keepalives_idle": 30,
                "application_name": "opportune",
            },
        )
    if backend != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise ConfigurationError("database_url must begin with postgresql:// or name a file with sqlite:///")
    _prepare_sqlite(Path(str(parsed.database)))
    engine = create_engine(parsed, hide_parameters=True, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(path: Path) -> None:
    """Make the file, readable by nobody else, and switch it to WAL: two that switch at once would meet 'locked'."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with closing(sqlite3.connect(path, timeout=_BUSY_MILLISECONDS / 1000)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
        finally:
            os.close(lock)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnavailable(f"database file {path} cannot be opened: {error}") from error


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA synchronous = FULL")  # NORMAL in WAL may lose the last commits on power loss
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a transaction that begins to write later fails with 'locked' without waiting."""
    read_only = bool(connection.get_execution_options().get(_READ_ONLY))
    if connection.info.get(_READ_ONLY, False) != read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
        connection.info[_READ_ONLY] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Bring the schema up to this software's, in one transaction. Several processes may start at once.

    PostgreSQL serialises them by an advisory lock, SQLite by the write lock that the transaction begins with.

    Raises
    ------
    DatabaseUnavailable
        If the database does not answer.
    ConfigurationError
        If the schema is of a newer release: there is no way down.
    """
    config = migration_config()
    with translated(), _alembic, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigurationError(
                f"the database's schema is not of this release: install the release that wrote it ({error})"
            ) from error


class SchemaState(StrEnum):
    """How a database's schema relates to this software's."""

    CURRENT = "current"
    BEHIND = "behind"  #: of an earlier release, or there is none yet: `migrate` brings it up
    NEWER = "newer"  #: of a release that this one does not know


def schema_state(s: Session) -> SchemaState:
    """Compare the schema's revision with the newest that this software knows; changes nothing."""
    script = ScriptDirectory.from_config(migration_config())
    found = MigrationContext.configure(s.connection()).get_current_heads()
    if set(found) == set(script.get_heads()):
        return SchemaState.CURRENT
    known = {revision.revision for revision in script.walk_revisions()}
    return SchemaState.BEHIND if known.issuperset(found) else SchemaState.NEWER


def migration_config() -> Config:
    """Alembic's configuration, from the installed package."""
    config = Config()
    folder = str(Path(__file__).resolve().parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def make_sessions(engine: Engine) -> Sessions:
    """What opens sessions on this engine."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: Sessions, *, read_only: bool = False) -> Iterator[Session]:
    """One transaction: committed at the end, rolled back when anything is raised. Retries nothing.

    read_only: does not wait for writers on SQLite; a write in it fails. All its queries see the same moment, so that
    counts of several tables agree.

    Raises
    ------
    DatabaseUnavailable
        If the database does not answer, locks up, or ends the connection.
    CommitUnknown
        If that happened during the commit: ask by the unique key, do not insert again.
    """
    committing = False
    try:
        with translated(), sessions.begin() as session:
            if read_only:
                options: dict[str, Any] = {_READ_ONLY: True, "postgresql_readonly": True}
                if session.get_bind().dialect.name == "postgresql":  # an SQLite reader has its snapshot by WAL
                    options["isolation_level"] = "REPEATABLE READ"
                session.connection(execution_options=options)
            yield session
            session.flush()
            committing = session.get_bind().dialect.name == "postgresql"
    except DatabaseUnavailable as error:
        if committing:  # SQLite, which is no other process, has rolled back
            raise CommitUnknown(str(error)) from error
        raise


@contextmanager
def translated() -> Iterator[None]:
    """What the driver raises as errors of ours; DatabaseUnavailable if the database does not answer."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError) as error:
        raise DatabaseUnavailable(f"the database does not answer: {_describe(error)}") from error
    except exc.TimeoutError as error:
        raise DatabaseUnavailable("the database does not answer: all connections are in use") from error
    except exc.DBAPIError as error:
        code = getattr(error.orig, "pgcode", None)
        corrupt = type(error) is exc.DatabaseError  # the driver knows no better class: e.g. a malformed SQLite file
        if error.connection_invalidated or corrupt or code in _UNAVAILABLE:
            raise DatabaseUnavailable(f"the database does not answer: {_describe(error)}") from error
        raise


def _describe(error: exc.DBAPIError) -> str:
    """What the driver says when it says nothing of the data: SQLite's words, or why there was no connection."""
    name = type(error.orig).__name__
    code = getattr(error.orig, "pgcode", None)
    if code is not None:
        return f"{name} (SQLSTATE {code})"
    return f"{name}: {' '.join(str(error.orig).split())}"


def database_now(session: Session) -> datetime:
    """The database's present moment: PostgreSQL's own clock, this host's for SQLite."""
    return now_of(session.connection())


def now_of(connection: Connection) -> datetime:
    """The same for a plain connection."""
    if connection.dialect.name != "postgresql":
        return clock.now()
    moment: datetime | None = connection.scalar(_POSTGRES_NOW)
    assert moment is not None  # noqa: S101 (a clock always answers; for the type checker)
    return moment.astimezone(UTC)


def lease_now(session: Session) -> datetime:
    """The moment that leases are measured by: as `database_now`, but on SQLite by a clock that nobody sets.

    A host's clock that is put right in the middle of a job must not end its lease.
    """
    return database_now(session) if session.get_bind().dialect.name == "postgresql" else clock.steady()


def moment_of(session: Session) -> ColumnElement[datetime]:
    """The same moment as an expression, for an INSERT that shall not ask first."""
    if session.get_bind().dialect.name == "postgresql":
        return func.clock_timestamp(type_=UtcDateTime())
    return literal(clock.now(), UtcDateTime())
