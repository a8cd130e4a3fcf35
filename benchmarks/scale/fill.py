"""Fills a database as fast as it goes: indexes and constraints are made afterwards, triggers sleep."""

import sys
import time

from sqlalchemy import Connection, Engine, inspect, text

from benchmarks.scale.dialects import DIALECTS, prepare
from benchmarks.scale.received_rows import received_rows
from benchmarks.scale.screened_rows import screened_rows
from benchmarks.scale.sent_rows import sent_rows
from benchmarks.scale.size import Size, insert
from db.migrations.versions.v0006_size import COUNTED

_INDEXES = """
    SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid::regclass::text = ANY(:tables)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""
_UNIQUE = """
    SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname,
        'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint AS own WHERE contype = 'u' AND conrelid::regclass::text = ANY(:tables)
    AND NOT EXISTS (SELECT FROM pg_constraint AS key WHERE key.contype = 'f' AND key.conindid = own.conindid)
"""
_SEQUENCES = """
    SELECT format('SELECT setval(%L, (SELECT coalesce(max(id), 1) FROM %I))', pg_get_serial_sequence(t, 'id'), t)
    FROM unnest(CAST(:tables AS text[])) AS t
    WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = t::regclass AND attname = 'id')
"""


def fill(engine: Engine, size: Size) -> float:
    """Fill the tables of a database with the schema, which nobody uses; seconds that it took."""
    begin = time.monotonic()
    if engine.dialect.name == "postgresql":
        _fill_postgres(engine, size)
    else:
        _fill_sqlite(engine, size)
    return time.monotonic() - begin


def _fill_sqlite(engine: Engine, size: Size) -> None:
    with engine.begin() as connection:
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name LIKE 'tally%'")).all()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        _run(connection, size)
        for _, sql in triggers:
            connection.exec_driver_sql(sql)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def _fill_postgres(engine: Engine, size: Size) -> None:
    tables = {"tables": inspect(engine).get_table_names()}
    with engine.begin() as connection:
        for setting in ("statement_timeout = 0", "session_replication_role = replica", "maintenance_work_mem = '1GB'"):
            connection.execute(text(f"SET LOCAL {setting}"))
        later = [*connection.execute(text(_INDEXES), tables).all(), *connection.execute(text(_UNIQUE), tables).all()]
        for drop, _ in later:
            connection.exec_driver_sql(drop)
        _run(connection, size)
        for _, make in later:
            _say(make)
            connection.exec_driver_sql(make)
        for statement in connection.execute(text(_SEQUENCES), tables).scalars().all():
            connection.exec_driver_sql(statement)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def _run(connection: Connection, size: Size) -> None:
    prepare(connection)
    sql, on_postgres = DIALECTS[connection.dialect.name], connection.dialect.name == "postgresql"
    for rows in (received_rows, screened_rows, sent_rows):
        for table, statement in rows(size, sql):
            _say(table)
            connection.exec_driver_sql(statement.replace("%", "%%") if on_postgres else statement)
    _recount(connection)


def _recount(connection: Connection) -> None:
    """Count for the tallies what came while their triggers slept."""
    for table, (part, value, _) in COUNTED.items():
        keys = {"counted": f"'{table}'", "part": part.format(row=""), "value": value.format(row="")}
        _, statement = insert("tallies", {**keys, "number": "count(*)"}, table)
        connection.execute(text(f"{statement} GROUP BY 2, 3"))


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what[:100]}", file=sys.stderr, flush=True)
