"""A lease is renewed while work goes on; losing it is told at once, a database that is down is not losing it."""

import threading
from pathlib import Path

from sqlalchemy.orm import Session

from screening.errors import DatabaseUnavailable
from tests.worker.ports import make_ports
from worker.heartbeat import heartbeat


def test_it_beats_until_the_block_ends(tmp_path: Path) -> None:
    thrice = threading.Event()
    beats = 0

    def renew(session: Session) -> bool:
        nonlocal beats
        beats += 1
        if beats == 3:
            thrice.set()
        return True

    with heartbeat(make_ports(tmp_path).sessions, 0.01, renew) as lost:
        assert thrice.wait(10)
        assert not lost.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]


def test_a_lost_lease_is_told_and_the_beating_ends(tmp_path: Path) -> None:
    beats: list[int] = []

    def renew(session: Session) -> bool:
        beats.append(1)
        return False

    with heartbeat(make_ports(tmp_path).sessions, 0.01, renew) as lost:
        assert lost.wait(10)
    assert beats == [1]


def test_a_database_that_is_down_for_a_while_does_not_lose_the_lease(tmp_path: Path) -> None:
    recovered = threading.Event()
    beats = 0

    def renew(session: Session) -> bool:
        nonlocal beats
        beats += 1
        if beats < 3:
            raise DatabaseUnavailable("down")
        recovered.set()
        return True

    with heartbeat(make_ports(tmp_path).sessions, 0.01, renew) as lost:
        assert recovered.wait(10)
        assert not lost.is_set()
