"""C-ECHO as operators ask for it."""

from typing import Any

from sqlalchemy.orm import Session

from db import audit, echoes
from db.echoes import Echo
from db.engine import Sessions, transaction


def _record(s: Session, destination: str = "pacs", **changes: Any) -> Echo:
    values: dict[str, Any] = {
        "ok": True, "outcome": "success", "detail": "C-ECHO answered with Success", "milliseconds": 12, "who": "jane",
    }  # fmt: skip
    return echoes.record(s, destination=destination, **(values | changes))


def test_the_last_one_of_each_is_told(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _record(s)
        last = _record(s, ok=False, outcome="refused", detail="connection refused", milliseconds=3)
        other = _record(s, "research")
        _record(s, "gone")
    with transaction(sessions, read_only=True) as s:
        assert echoes.newest(s, ["pacs", "research", "never"]) == {"pacs": last, "research": other}
        assert [echo.outcome for echo in echoes.of_destination(s, "pacs")] == ["refused", "success"]
        assert echoes.newest(s, []) == {}


def test_who_asked_is_in_the_audit_trail(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _record(s, ok=False, outcome="refused", detail="connection refused")
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.subject) == ("jane", "echo", "destination pacs")
    assert line.detail == "connection refused"


def test_the_oldest_are_forgotten_for_each_destination_alone(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        _record(s, "research")
        for number in range(echoes.KEPT + 3):
            _record(s, milliseconds=number)
        kept = echoes.of_destination(s, "pacs", limit=1000)
        assert len(echoes.of_destination(s, "research")) == 1
    assert [echo.milliseconds for echo in kept] == list(range(echoes.KEPT + 2, 2, -1))
