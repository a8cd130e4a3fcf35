"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells by dialect."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.table_base import Table


def insert_or_ignore(s: Session, table: type[Table], keys: list[str], values: dict[str, Any]) -> int | None:
    """Insert a row unless one with these keys is there. The new row's id, or None.

    Waits for another transaction that is inserting the same keys, so that after None the row can be read.
    """
    statement = _insert(s, table, values).on_conflict_do_nothing(index_elements=keys)
    return s.execute(statement.returning(table.__table__.c.id)).scalar_one_or_none()


def insert_or_update(s: Session, table: type[Table], keys: list[str], values: dict[str, Any]) -> None:
    """Insert a row, or give the one with these keys the new values."""
    changed = {name: value for name, value in values.items() if name not in keys}
    s.execute(_insert(s, table, values).on_conflict_do_update(index_elements=keys, set_=changed))


def _insert(s: Session, table: type[Table], values: dict[str, Any]) -> "postgresql.Insert | sqlite.Insert":
    if s.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).values(**values)
    return sqlite.insert(table).values(**values)
