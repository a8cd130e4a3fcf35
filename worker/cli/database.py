"""The node's database, for commands that look at it or change a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.cli.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.engine import Sessions


@contextmanager
def open_session(*, read_only: bool = False) -> Iterator["Session"]:
    """Open a transaction on the node's database, without touching its schema.

    Raises
    ------
    DatabaseUnavailable
        If there is none, or it does not answer.
    """
    from db.engine import transaction  # noqa: PLC0415

    with open_sessions() as sessions, transaction(sessions, read_only=read_only) as session:
        yield session


@contextmanager
def open_sessions() -> Iterator["Sessions"]:
    """What opens sessions on the node's database, without touching its schema.

    Raises
    ------
    DatabaseUnavailable
        If there is none.
    """
    from db.engine import make_engine, make_sessions  # noqa: PLC0415
    from screening.errors import DatabaseUnavailable  # noqa: PLC0415

    settings = load_settings()
    if settings.database_url is None and not (settings.home / "opportune.sqlite").is_file():
        raise DatabaseUnavailable(
            f"there is no database in {settings.home}: has the node run here, with these settings?"
        )
    engine = make_engine(settings.sqlalchemy_url)
    try:
        yield make_sessions(engine)
    finally:
        engine.dispose()
