"""What PostgreSQL and SQLite spell differently in the statements that fill a database."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, event, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """Pieces of SQL; `{}` is an expression."""

    numbers: str  #: a table n(i) of 1 to {}
    ago: str  #: so many seconds before now
    json: str
    bytes: str  #: of hexadecimal digits

    def until(self, last: str | int) -> str:
        """A table n(i) with the numbers from 1 to last."""
        return self.numbers.format(last)


DIALECTS = {
    "postgresql": Dialect(
        numbers="generate_series(1, {}) AS n(i)",
        ago="(now() - make_interval(secs => ({})))",
        json="CAST({} AS json)",
        bytes="decode('{}', 'hex')",
    ),
    "sqlite": Dialect(
        numbers="(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n) AS n",
        ago="strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({}) || ' seconds')",
        json="{}",
        bytes="X'{}'",
    ),
}


def prepare(connection: Connection) -> None:
    """Give SQLite what it lacks."""
    if connection.dialect.name == "sqlite":
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.create_function("md5", 1, lambda value: hashlib.md5(str(value).encode(), usedforsecurity=False).hexdigest())  # type: ignore[attr-defined]
