"""The audit trail, narrowed."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from db import audit, audit_search
from db.audit_search import Wanted, newest_of, search, unsound
from db.engine import Sessions, database_now, transaction
from tests.db.plans import recorded, scans


@pytest.fixture
def trail(sessions: Sessions) -> Sessions:
    """Ten lines: joe views, jane retries, in turn; job 1 to job 10."""
    with transaction(sessions) as s:
        for number in range(1, 11):
            who, what = (("jane", "retry"), ("joe", "view"))[number % 2]
            audit.record(s, actor=who, action=what, subject=f"job {number}", detail="")
    return sessions


def _numbers(
    s: Session, *, before: int | None = None, actor: str = "", action: str = "", subject: str = ""
) -> list[int]:
    wanted = Wanted(actor=actor, action=action, subject=subject)
    return [entry.sequence for entry in search(s, wanted, before=before).entries]


def test_by_who_what_and_to_what(trail: Sessions) -> None:
    with transaction(trail, read_only=True) as s:
        assert _numbers(s) == list(range(10, 0, -1))
        assert _numbers(s, actor="joe") == [9, 7, 5, 3, 1]
        assert _numbers(s, action="retry") == [10, 8, 6, 4, 2]
        assert _numbers(s, subject="job 1") == [10, 1]
        assert _numbers(s, subject="%") == []
        assert _numbers(s, actor="joe", action="retry") == []
        assert _numbers(s, actor="joe", before=5) == [3, 1]


def test_page_by_page(trail: Sessions) -> None:
    with transaction(trail, read_only=True) as s:
        found = search(s, Wanted(actor="joe"), limit=2)
        assert ([entry.sequence for entry in found.entries], found.before, found.looked) == ([9, 7], 7, 4)
        found = search(s, Wanted(actor="joe"), before=7, limit=3)
        assert ([entry.sequence for entry in found.entries], found.before) == ([5, 3, 1], None)


def test_a_long_trail_is_looked_through_a_part_at_a_time(trail: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_search, "AT_ONCE", 4)
    with transaction(trail, read_only=True) as s:
        found = search(s, Wanted(subject="job 2"))
        assert (found.entries, found.before, found.looked) == ([], 7, 4)
        found = search(s, Wanted(subject="job 2"), before=7)
        assert (found.entries, found.before) == ([], 3)
        found = search(s, Wanted(subject="job 2"), before=3)
        assert ([entry.sequence for entry in found.entries], found.before) == ([2], None)
        assert [entry.sequence for entry in newest_of(s, Wanted(actor="joe"), 4)] == [9, 7, 5, 3]
        assert [entry.sequence for entry in newest_of(s, Wanted(actor="joe"), 99)] == [9, 7, 5, 3, 1]


def test_by_time(trail: Sessions) -> None:
    with transaction(trail, read_only=True) as s:
        fifth = audit.line(s, 5)
        assert fifth is not None
        assert search(s, Wanted(since=fifth.at)).entries[-1].sequence == 5
        assert search(s, Wanted(until=fifth.at)).entries[0].sequence == 4
        later = database_now(s) + timedelta(hours=1)
        assert search(s, Wanted(since=later)).entries == []
        assert search(s, Wanted(until=fifth.at - timedelta(hours=1))).entries == []
        assert search(s, Wanted(since=later)).before is None


def test_an_empty_trail(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        found = search(s, Wanted())
        assert (found.entries, found.before, found.looked) == ([], None, 0)
        assert unsound(s, []) == set()


def test_a_line_that_was_changed_does_not_fit_and_the_others_do(trail: Sessions) -> None:
    with transaction(trail, read_only=True) as s:
        assert unsound(s, search(s, Wanted()).entries) == set()
        assert unsound(s, search(s, Wanted(actor="joe")).entries) == set()
    with trail.begin() as s:
        if s.get_bind().dialect.name == "sqlite":
            s.execute(text("DROP TRIGGER audit_no_update"))
        else:
            s.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_only_grows"))
        s.execute(text("UPDATE audit SET detail = 'x' WHERE sequence = 3"))
    with transaction(trail, read_only=True) as s:
        assert unsound(s, search(s, Wanted()).entries) == {3}
        assert unsound(s, search(s, Wanted(actor="jane")).entries) == set()


def test_the_trail_is_not_read_as_a_whole(trail: Sessions, engine: Engine) -> None:
    with recorded(engine) as statements, transaction(trail, read_only=True) as s:
        now = database_now(s)
        found = search(s, Wanted(actor="joe", since=now - timedelta(days=1), until=now))
        unsound(s, found.entries)
    with engine.connect() as connection:
        assert scans(connection, statements, forced=True) == []
