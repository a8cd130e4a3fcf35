"""Which plans a database makes for the statements of a verb: does it read a whole table?"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event, text

Statement = tuple[str, Any]
"""SQL and parameters, as the driver gets them."""

_FULL_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid, 1, true) AS first
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE indpred IS NULL AND relnamespace = 'public'::regnamespace
"""
_PARTIAL_OF_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """A table that is read from its begin to its end."""

    table: str
    statement: str


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that are sent while the block runs; of an executemany the first."""
    statements: list[Statement] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def scans(connection: Connection, statements: list[Statement], *, forced: bool = False) -> list[Scan]:
    """The tables that these statements read as a whole. Nothing is executed.

    forced: only where PostgreSQL has no index for it; it reads a small table as a whole although there is one.
    """
    look = _sqlite_reader(connection)
    if connection.dialect.name == "postgresql":
        look = _postgres_reader(connection)
        connection.execute(text(f"SET LOCAL enable_seqscan = {'off' if forced else 'on'}"))
    found = []
    for statement, parameters in statements:
        if statement.split(maxsplit=1)[0].upper() in ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH"):
            found += [Scan(table=table, statement=statement) for table in look(statement, parameters)]
    return found


def _postgres_reader(connection: Connection) -> Callable[[str, Any], list[str]]:
    first_columns = {row.name: row.first for row in connection.execute(text(_FULL_INDEXES))}

    def look(statement: str, parameters: Any) -> list[str]:
        row = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        plan = (json.loads(row) if isinstance(row, str) else row)[0]["Plan"]
        return [_table_of(node) for node in _nodes(plan) if _is_whole(node, first_columns)]

    return look


def _is_whole(node: dict[str, Any], first_columns: Mapping[str, str]) -> bool:
    """A whole index, with a look at each entry, is no better than the whole table."""
    if node["Node Type"] == "Seq Scan":
        return True
    column = first_columns.get(node.get("Index Name", ""))
    if column is None or column in node.get("Index Cond", ""):
        return False
    return "Index Cond" in node or "Filter" in node


def _table_of(node: dict[str, Any]) -> str:
    return str(node.get("Relation Name") or node["Index Name"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _sqlite_reader(connection: Connection) -> Callable[[str, Any], list[str]]:
    def look(statement: str, parameters: Any) -> list[str]:
        if statement.startswith("INSERT") or (" WHERE " not in " ".join(statement.split()) and "LIMIT" in statement):
            return []  # looks for rows that refer to a new one: there are none; the first or last rows of a table
        partial = set(connection.exec_driver_sql(_PARTIAL_OF_SQLITE).scalars())
        details = [row[3].split() for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        scanned = [words[1] for words in details if words[0] == "SCAN" and words[-1] not in partial]
        return [table for table in scanned if table != "CONSTANT" and not table.startswith("(")]

    return look
