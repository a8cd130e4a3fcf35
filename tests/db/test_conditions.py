"""What is wrong now, and the circuit breaker made of it."""

from datetime import UTC, datetime, timedelta

from db import conditions
from db.engine import Sessions, database_now, transaction

PACS = conditions.destination("pacs")
FAR = datetime(2999, 1, 1, tzinfo=UTC)


def test_nothing_is_wrong_at_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert conditions.known(s) == []
        assert conditions.may_try(s, PACS, probe_seconds=30)
        assert conditions.closed_destinations(s) == []
        assert not conditions.cleared(s, PACS)


def test_failures_in_a_row_are_counted_from_the_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        first = conditions.failed(s, PACS, "refused")
        second = conditions.failed(s, PACS, "timed out")
        assert (first.failures, second.failures) == (1, 2)
        assert first.since == second.since
        (known,) = conditions.known(s)
        assert (known.subject, known.detail, known.retry_at) == ("destination pacs", "timed out", None)
        assert conditions.may_try(s, PACS, probe_seconds=30)
        assert conditions.cleared(s, PACS)
        assert conditions.known(s) == []


def test_a_destination_is_left_alone_until_its_time(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        conditions.failed(s, PACS, "refused", lambda failures: FAR if failures > 1 else None)
        assert conditions.may_try(s, PACS, probe_seconds=30)
        conditions.failed(s, PACS, "refused", lambda failures: FAR if failures > 1 else None)
        assert not conditions.may_try(s, PACS, probe_seconds=30)
        assert conditions.closed_destinations(s) == ["pacs"]
        assert conditions.may_try(s, conditions.destination("other"), probe_seconds=30)


def test_one_sender_probes(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        past = database_now(s) - timedelta(seconds=1)
        conditions.failed(s, PACS, "refused", lambda failures: past)
    with transaction(sessions) as s:
        assert conditions.may_try(s, PACS, probe_seconds=3600)
    with transaction(sessions) as s:
        assert not conditions.may_try(s, PACS, probe_seconds=3600)


def test_a_spool_is_no_destination(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        conditions.failed(s, conditions.SPOOL, "fsync", lambda failures: FAR)
        assert conditions.closed_destinations(s) == []
