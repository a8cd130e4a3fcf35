"""What all tables share: their base, the types of their keys, partial indexes."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import MetaData, text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from db.columns import Number, SafeText, UtcDateTime

Key = Annotated[int, mapped_column(Number, primary_key=True, autoincrement=True)]


class Table(DeclarativeBase):
    """Base of every table; constraints are named alike on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: SafeText(), datetime: UtcDateTime(), int: Number}  # noqa: RUF012 (SQLAlchemy's name)


def where(condition: str) -> dict[str, Any]:
    """Keywords of an index that holds only these rows: small however long the table grows."""
    return {"sqlite_where": text(condition), **where_on_postgresql(condition)}


def where_on_postgresql(condition: str) -> dict[str, Any]:
    """The same on PostgreSQL alone: SQLite does not see that one state of a list is in the condition's list."""
    return {"postgresql_where": text(condition)}
