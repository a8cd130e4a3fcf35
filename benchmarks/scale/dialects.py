"""What PostgreSQL and SQLite spell differently in the statements that fill a database."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """Pieces of SQL; `{}` is an expression."""

    numbers: str  #: a table n(i) of 1 to {}
    ago: str  #: so many seconds before now
    json: str
    bytes: str  #: of hexadecimal digits

    def until(self, last: int) -> str:
        """A table n(i) with the numbers from 1 to last."""
        return self.numbers.format(last)

    def of_json(self, value: Any) -> str:
        """A constant."""
        return self.json.format(f"'{json.dumps(value)}'")


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
    """Give SQLite the function that it lacks."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        raw.create_function("md5", 1, _md5)


def _md5(value: object) -> str:
    return hashlib.md5(str(value).encode(), usedforsecurity=False).hexdigest()
