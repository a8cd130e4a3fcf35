"""The audit trail."""

from db import audit
from db.engine import Sessions, database_now, transaction


def test_lines_come_back_newest_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        audit.record(s, actor="CT1", action="refused", subject="10.9.9.9", detail="wrong address")
        audit.record(s, actor="admin", action="retry", subject="job 1", detail="")
        found = audit.newest(s)
        assert [entry.actor for entry in found] == ["admin", "CT1"]
        assert found[1].detail == "wrong address"
        assert found[1].at <= database_now(s)
        assert len(audit.newest(s, limit=1)) == 1
