"""A connection for one thread that writes little and often."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from db.engine import Sessions, translated
from screening.errors import CommitUnknown, DatabaseUnavailable

_IDLE_SECONDS = 1.0
"""After so long without use it may be dead: the pool gives one that lives."""


class LastingConnection:
    """A connection that is kept while it is used again and again.

    To borrow one from the pool, look whether it lives and put it back takes longer than to write a row.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._engine: Engine = sessions.kw["bind"]
        self._connection: Connection | None = None
        self._used = 0.0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back when anything is raised. Retries nothing.

        Raises
        ------
        DatabaseUnavailable
            If the database does not answer, locks up, or ends the connection.
        CommitUnknown
            If that happened during the commit: ask by the unique key, do not insert again.
        """
        committing = False
        try:
            with translated():
                connection = self._current()
                with connection.begin():
                    yield connection
                    committing = self._engine.dialect.name == "postgresql"
        except BaseException as error:
            self.close()
            if committing and isinstance(error, DatabaseUnavailable):
                raise CommitUnknown(str(error)) from error
            raise
        self._used = time.monotonic()

    def close(self) -> None:
        """Give the connection back to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _current(self) -> Connection:
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self.close()
        if self._connection is None:
            self._connection = self._engine.connect()
            self._used = time.monotonic()
        return self._connection
