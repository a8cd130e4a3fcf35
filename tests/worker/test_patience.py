"""Starting while the database is away: a server is waited for, a file is not."""

import logging

import pytest

from screening.errors import DatabaseUnavailable
from screening.settings import Settings, load
from worker.patience import PAUSE_SECONDS, when_database_answers

SERVER = load({"OPPORTUNE_DATABASE_URL": "postgresql://node@db/opportune"})


def test_it_tries_until_the_server_answers(caplog: pytest.LogCaptureFixture) -> None:
    answers = [DatabaseUnavailable("no answer"), DatabaseUnavailable("not yet"), 7]
    pauses: list[float] = []

    def action() -> int:
        answer = answers.pop(0)
        if isinstance(answer, DatabaseUnavailable):
            raise answer
        assert isinstance(answer, int)
        return answer

    with caplog.at_level(logging.WARNING):
        assert when_database_answers(SERVER, action, pauses.append) == 7
    assert pauses == [PAUSE_SECONDS, PAUSE_SECONDS]
    assert [record.getMessage() for record in caplog.records] == [
        "waiting for the database: no answer",
        "waiting for the database: not yet",
    ]


def test_a_file_that_cannot_be_opened_is_told_at_once() -> None:
    def action() -> None:
        raise DatabaseUnavailable("cannot be opened")

    with pytest.raises(DatabaseUnavailable, match="cannot be opened"):
        when_database_answers(Settings(), action, lambda _: pytest.fail("it waited"))


def test_any_other_failure_is_not_waited_for() -> None:
    def action() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        when_database_answers(SERVER, action, lambda _: pytest.fail("it waited"))
