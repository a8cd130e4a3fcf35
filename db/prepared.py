"""Statements that are compiled once: for those few that run for every object received.

SQLAlchemy looks a statement up, collects its parameters and makes a result of it each time, which takes several times
as long as SQLite needs for the row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Update


class Prepared:
    """An INSERT or UPDATE with parameters alone, compiled at its first run over each kind of database.

    Parameters
    ----------
    statement
        What is run.
    columns
        The columns that an INSERT gets values for.
    """

    def __init__(self, statement: Insert | Update, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Run it for each row of values by name, at least one."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, self._columns, dialect)
        parameters = compiled.parameters(rows)
        return connection.exec_driver_sql(compiled.sql, parameters[0] if len(parameters) == 1 else parameters)


class _Compiled:
    def __init__(self, statement: Insert | Update, columns: Sequence[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) if columns is not None else None)
        names = compiled.positiontup if compiled.positiontup is not None else list(compiled.binds)
        self.sql = str(compiled)
        self._positional = compiled.positiontup is not None
        self._values: list[tuple[str, Callable[[Any], Any] | None]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names
        ]

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """What the driver takes, for each row: values as their columns' types have them."""
        if self._positional:
            return [
                tuple([process(row[name]) if process else row[name] for name, process in self._values]) for row in rows
            ]
        return [{name: process(row[name]) if process else row[name] for name, process in self._values} for row in rows]
