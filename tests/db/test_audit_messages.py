"""Audit messages on their way."""

from db import audit_messages
from db.audit_messages import Way
from db.engine import Sessions, database_now, transaction


def _put(sessions: Sessions, *messages: str) -> None:
    with transaction(sessions) as s:
        for message in messages:
            audit_messages.put(s, message)


def _waiting(sessions: Sessions, way: Way) -> list[str]:
    with transaction(sessions, read_only=True) as s:
        return [item.message for item in audit_messages.waiting(s, way)]


def test_messages_wait_in_order_for_each_way_of_their_own(sessions: Sessions) -> None:
    _put(sessions, "<a/>", "<b/>", "<c/>")
    with transaction(sessions) as s:
        first, second, _ = audit_messages.waiting(s, Way.FILE)
        assert first.at <= database_now(s)
        audit_messages.went(s, Way.FILE, [first.message_id, second.message_id])
        assert len(audit_messages.waiting(s, Way.SYSLOG, limit=2)) == 2
    assert _waiting(sessions, Way.FILE) == ["<c/>"]
    assert _waiting(sessions, Way.SYSLOG) == ["<a/>", "<b/>", "<c/>"]


def test_a_message_is_removed_when_it_went_every_way(sessions: Sessions) -> None:
    _put(sessions, "<a/>", "<b/>")
    with transaction(sessions) as s:
        first, second = audit_messages.waiting(s, Way.FILE)
        audit_messages.went(s, Way.FILE, [first.message_id, second.message_id])
        audit_messages.went(s, Way.SYSLOG, [first.message_id])
        assert audit_messages.remove_through(s, [Way.FILE, Way.SYSLOG]) == 1
        assert audit_messages.any_wait(s)
        assert audit_messages.remove_through(s, [Way.FILE]) == 1
        assert not audit_messages.any_wait(s)


def test_a_message_that_is_rolled_back_was_never_there(sessions: Sessions) -> None:
    with sessions() as s:
        audit_messages.put(s, "<a/>")
        s.rollback()
    assert _waiting(sessions, Way.FILE) == []
