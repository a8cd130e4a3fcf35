"""The notifier tells once, waits longer for a way that fails, and remembers over a restart."""

import json
import stat
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from db import jobs
from db.engine import transaction
from screening.errors import DestinationUnavailable
from tests.db import factories
from tests.dicom_node.network import wait_until
from worker.monitoring import notifier
from worker.monitoring.notices import Notice
from worker.monitoring.notifier import Notifier
from worker.ports import Ports


@dataclass
class Clock:
    """A clock that is set."""

    at: datetime = datetime(2026, 5, 4, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def go(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)


@dataclass
class Way:
    """Takes notices, or is away."""

    away: bool = False
    tries: int = 0
    taken: list[Notice] = field(default_factory=list)

    def __call__(self, notice: Notice, node: str) -> None:
        self.tries += 1
        if self.away:
            raise DestinationUnavailable("away")
        self.taken.append(notice)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def node(ports: Ports, clock: Clock) -> Ports:
    return replace(ports, clock=clock)


def _quarantine(node: Ports, images: str) -> None:
    with transaction(node.sessions) as s:
        if images == "a":
            factories.admit(s)
        taken = factories.claim(s, factories.open_job(s, images=images)[0].job_id)
        assert taken is not None
        jobs.fail(s, taken, reason="x", retry_at=None)


def test_it_tells_once_and_remembers_over_a_restart(node: Ports, clock: Clock) -> None:
    way = Way()
    Notifier(node, {"webhook": way}).round()
    assert way.tries == 0
    _quarantine(node, "a")
    for _ in range(2):
        told = Notifier(node, {"webhook": way})
        told.round()
        told.round()
    assert [notice.lines for notice in way.taken] == [("jobs in quarantine: 1",)]
    _quarantine(node, "b")
    clock.go(16)
    Notifier(node, {"webhook": way}).round()
    assert way.taken[1].lines == ("jobs in quarantine: 2, 1 more than was told before",)
    assert stat.S_IMODE((node.settings.home / "notices.json").stat().st_mode) == 0o600


def test_a_way_that_is_away_is_tried_less_often_and_does_not_hold_up_the_other(
    node: Ports, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    away, there = Way(away=True), Way()
    told = Notifier(node, {"e-mail": away, "webhook": there})
    _quarantine(node, "a")
    tries = []
    for _ in range(16):  # half minutes
        told.round()
        tries.append(away.tries)
        clock.go(0.5)
    assert tries == [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4]  # after 0, 1, 3 and 7 minutes
    assert len(there.taken) == 1
    assert "a notice waits for 8 min: away" in caplog.text
    away.away = False
    clock.go(8)
    told.round()
    assert [notice.lines for notice in away.taken] == [("jobs in quarantine: 1",)]
    assert len(there.taken) == 1


def test_of_two_processes_one_tells(node: Ports) -> None:
    _quarantine(node, "a")
    other = Way()

    def while_it_sends(notice: Notice, name: str) -> None:
        Notifier(node, {"webhook": other}).round()

    Notifier(node, {"webhook": while_it_sends}).round()
    assert other.tries == 0


@pytest.mark.parametrize("content", ["", "x", "[]", '{"webhook": {"quarantine": {}}}'])
def test_a_memory_that_cannot_be_read_is_begun_anew(node: Ports, content: str) -> None:
    path = node.settings.home / "notices.json"
    path.write_text(content, encoding="utf-8")
    _quarantine(node, "a")
    way = Way()
    Notifier(node, {"webhook": way}).round()
    assert len(way.taken) == 1
    assert json.loads(path.read_text(encoding="utf-8"))["webhook"]["quarantine"]["number"] == 1


def test_a_fault_does_not_end_the_loop(
    node: Ports, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise KeyError("DOE^JANE")

    monkeypatch.setattr(notifier, "present", fail)
    Notifier(node, {"webhook": Way()}).round()
    assert "KeyError" in caplog.text
    assert "DOE" not in caplog.text


def test_the_loop_ends_when_told_and_at_once_when_nobody_is_to_be_told(node: Ports) -> None:
    Notifier(node, {}).run()
    _quarantine(node, "a")
    way = Way()
    told = Notifier(node, {"webhook": way})
    thread = threading.Thread(target=told.run)
    thread.start()
    wait_until(lambda: len(way.taken) == 1)
    told.stop()
    thread.join(10)
    assert not thread.is_alive()
