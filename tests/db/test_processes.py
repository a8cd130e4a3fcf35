"""Which processes of the node are there."""

from datetime import timedelta

from sqlalchemy import update

from db import processes
from db.engine import Sessions, database_now, transaction
from db.node_tables import ProcessRow


def _beat(sessions: Sessions, name: str, role: str = "worker") -> None:
    with transaction(sessions) as s:
        processes.beat(s, name, role=role, host="gpu1", version="0.1.0", started_at=database_now(s))


def _age(sessions: Sessions, name: str, seconds: float) -> None:
    with transaction(sessions) as s:
        at = database_now(s) - timedelta(seconds=seconds)
        s.execute(update(ProcessRow).where(ProcessRow.name == name).values(seen_at=at))


def test_who_says_so_is_there_until_it_ends(sessions: Sessions) -> None:
    for name, role in (("gpu1:7:a", "worker"), ("gpu1:8:b", "listener"), ("gpu1:7:a", "worker")):
        _beat(sessions, name, role)
    with transaction(sessions) as s:
        assert [(item.role, item.name, item.alive) for item in processes.known(s)] == [
            ("listener", "gpu1:8:b", True),
            ("worker", "gpu1:7:a", True),
        ]
        processes.ended(s, "gpu1:8:b")
        assert [item.role for item in processes.known(s)] == ["worker"]


def test_who_says_nothing_is_gone_and_forgotten_after_a_day(sessions: Sessions) -> None:
    _beat(sessions, "silent")
    _age(sessions, "silent", processes.GONE_SECONDS + 1)
    with transaction(sessions, read_only=True) as s:
        assert [item.alive for item in processes.known(s)] == [False]
    _age(sessions, "silent", 90_000)
    _beat(sessions, "other")
    with transaction(sessions, read_only=True) as s:
        assert [item.name for item in processes.known(s)] == ["other"]
