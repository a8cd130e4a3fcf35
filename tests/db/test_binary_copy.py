"""Large bytes go to PostgreSQL and come back as they are, in the transaction of the session."""

import pytest
from sqlalchemy import exc, text

from db.binary_copy import copy_in, copy_out
from db.engine import Sessions, make_engine, make_sessions, transaction
from screening.errors import DatabaseUnavailable

pytestmark = pytest.mark.postgres
EVERY_BYTE = bytes(range(256)) * 5000
ROW: dict[str, int | str | bytes] = {"id": 1, "name": "a", "data": b"x"}


@pytest.fixture
def sessions(postgres_url: str) -> Sessions:
    """On a database with one table."""
    made = make_sessions(make_engine(postgres_url))
    with transaction(made) as s:
        s.execute(text("CREATE TABLE things (id bigint PRIMARY KEY, name varchar NOT NULL, data bytea NOT NULL)"))
    return made


def test_bytes_and_texts_come_back(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        copy_in(
            s, "things", [{"id": 7, "name": "caf\u00e9", "data": EVERY_BYTE}, {"id": 2**40, "name": "", "data": b""}]
        )
    with transaction(sessions, read_only=True) as s:
        assert copy_out(s, "things", "data", [2**40, 7, 8]) == {7: EVERY_BYTE, 2**40: b""}
        assert s.scalar(text("SELECT name FROM things WHERE id = 7")) == "caf\u00e9"


def test_nothing_is_left_of_a_transaction_that_fails(sessions: Sessions) -> None:
    def fail() -> None:
        with transaction(sessions) as s:
            copy_in(s, "things", [ROW])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with transaction(sessions) as s:
        assert copy_out(s, "things", "data", [1]) == {}


def test_a_constraint_is_an_error_of_the_usual_kind(sessions: Sessions) -> None:
    with pytest.raises(exc.IntegrityError) as caught, transaction(sessions) as s:
        copy_in(s, "things", [ROW, ROW])
    assert caught.value.params is None


def test_a_connection_that_is_lost_is_a_database_that_does_not_answer(sessions: Sessions) -> None:
    def lose() -> None:
        with transaction(sessions) as s:
            own = s.scalar(text("SELECT pg_backend_pid()"))
            with transaction(sessions) as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            copy_in(s, "things", [ROW])

    with pytest.raises(DatabaseUnavailable):
        lose()
    with transaction(sessions) as s:
        assert copy_out(s, "things", "data", [1]) == {}
