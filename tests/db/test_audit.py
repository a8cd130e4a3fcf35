"""The audit trail."""

import threading

import pytest
from sqlalchemy import exc, text

from db import audit
from db.audit_chain import check
from db.engine import Sessions, database_now, transaction


def _say(sessions: Sessions, *details: str) -> None:
    for detail in details:
        with transaction(sessions) as s:
            audit.record(s, actor="admin", action="retry", subject="job 1", detail=detail)


def test_lines_come_back_newest_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        audit.record(s, actor="CT1", action="refused", subject="10.9.9.9", detail="wrong address")
        audit.record(s, actor="admin", action="retry", subject="job 1", detail="")
        found = audit.newest(s)
        assert [(entry.sequence, entry.actor) for entry in found] == [(2, "admin"), (1, "CT1")]
        assert found[1].detail == "wrong address"
        assert found[1].at <= database_now(s)
        assert len(audit.newest(s, limit=1)) == 1


def test_what_is_stored_is_what_was_chained(sessions: Sessions) -> None:
    """Also what the database cannot store as it came, and moments to the microsecond."""
    _say(sessions, "nul \x00, surrogate \udc80", "\u9999\U0001f600\r\n", "x" * 70_000)
    with transaction(sessions, read_only=True) as s:
        verdict = check(audit.oldest_first(s))
        assert (verdict.sound, verdict.lines, verdict.head) == (True, 3, audit.head(s))
        assert audit.digest_at(s, 3) == verdict.head.digest
        assert audit.digest_at(s, 4) is None


def test_the_trail_is_read_in_portions(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    _say(sessions, *"abcde")
    for portion in (1, 2, 5, 6):
        monkeypatch.setattr(audit, "_ROWS_AT_ONCE", portion)
        with transaction(sessions, read_only=True) as s:
            assert [entry.detail for entry in audit.oldest_first(s)] == list("abcde")


def test_an_empty_trail_has_no_head(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        assert audit.head(s) is None
        assert list(audit.oldest_first(s)) == []


def test_writers_at_once_make_one_chain(sessions: Sessions) -> None:
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            _say(sessions, *(f"{number}.{turn}" for turn in range(10)))
        except BaseException as error:  # noqa: BLE001 (reported below, from the test's own thread)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with transaction(sessions, read_only=True) as s:
        verdict = check(audit.oldest_first(s))
        assert (verdict.sound, verdict.lines) == (True, 40)


def test_what_was_rolled_back_leaves_no_gap(sessions: Sessions) -> None:
    _say(sessions, "first")
    with pytest.raises(RuntimeError), transaction(sessions) as s:  # noqa: PT012
        audit.record(s, actor="admin", action="retry", subject="job 1", detail="never")
        raise RuntimeError
    _say(sessions, "second")
    with transaction(sessions, read_only=True) as s:
        assert [entry.sequence for entry in audit.oldest_first(s)] == [1, 2]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET detail = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE sequence = 2"]
)
def test_the_database_refuses_to_change_or_remove_a_line(sessions: Sessions, statement: str) -> None:
    _say(sessions, "first", "second")
    with pytest.raises(exc.DBAPIError, match="the audit trail only grows"), sessions.begin() as s:
        s.execute(text(statement))
    with transaction(sessions, read_only=True) as s:
        assert [entry.detail for entry in audit.oldest_first(s)] == ["first", "second"]


def test_postgres_refuses_to_truncate_it(sessions: Sessions) -> None:
    _say(sessions, "first")
    with sessions() as s:
        if s.get_bind().dialect.name == "sqlite":
            return  # it has no such statement
    with pytest.raises(exc.DBAPIError, match="the audit trail only grows"), sessions.begin() as s:
        s.execute(text("TRUNCATE audit"))


def test_a_line_changed_behind_the_triggers_is_found(sessions: Sessions) -> None:
    _say(sessions, "first", "second", "third")
    with sessions.begin() as s:
        if s.get_bind().dialect.name == "sqlite":
            s.execute(text("DROP TRIGGER audit_no_update"))
        else:
            s.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_only_grows"))
        s.execute(text("UPDATE audit SET detail = 'x' WHERE sequence = 2"))
    with transaction(sessions, read_only=True) as s:
        assert check(audit.oldest_first(s)).broken == 2
