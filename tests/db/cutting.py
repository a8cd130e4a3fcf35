"""Connections that end because somebody else ends them."""

from sqlalchemy import text

from db.engine import make_engine

_ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"


def end_connections(url: str) -> None:
    """End every connection to a PostgreSQL database."""
    other = make_engine(url)
    with other.connect() as connection:
        connection.execute(text(_ENDED), {"name": other.url.database})
    other.dispose()
