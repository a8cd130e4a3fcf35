"""What becomes of associations is written, sooner or later."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dicom_node.association_log import MAXIMUM_BACKLOG, AssociationLog, Party
from screening.errors import DatabaseUnavailable
from tests.dicom_node.network import FakeLedger, wait_until

PARTY = Party(calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.0.0.1")


class Thread:
    """The thread of an association."""

    def __init__(self) -> None:
        self.alive = True

    def is_alive(self) -> bool:
        return self.alive


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def log(ledger: FakeLedger) -> Iterator[AssociationLog]:
    log = AssociationLog(ledger, poll_seconds=0.01)
    log.start()
    yield log
    log.stop()


def test_opened_at_once_closed_when_its_thread_is_through(log: AssociationLog, ledger: FakeLedger) -> None:
    thread = Thread()
    log.accepted(thread, PARTY, [("1.2", ["1.3"])])
    assert log.number(thread) == 1
    assert ledger.opened[0]["rejected_contexts"] == [("1.2", ["1.3"])]
    log.ending(thread, "released")
    assert ledger.closed == {}, "the thread may still be storing what it received"
    thread.alive = False
    wait_until(lambda: ledger.closed == {1: "released"})
    assert log.open_associations == 0


def test_an_end_without_a_word_is_a_lost_connection(log: AssociationLog, ledger: FakeLedger) -> None:
    thread = Thread()
    log.accepted(thread, PARTY, [])
    thread.alive = False
    wait_until(lambda: ledger.closed == {1: "connection lost"})


def test_it_is_opened_once_when_the_database_is_back(log: AssociationLog, ledger: FakeLedger) -> None:
    thread = Thread()
    ledger.down = True
    log.accepted(thread, PARTY, [])
    with pytest.raises(DatabaseUnavailable):
        log.number(thread)
    ledger.down = False
    assert log.number(thread) == log.number(thread) == 1
    assert len(ledger.opened) == 1


def test_two_threads_that_ask_at_once_open_it_once(ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object may be here before the thread that accepted its association is through with writing so."""
    opening, go_on = threading.Event(), threading.Event()
    open_association = ledger.open_association

    def slow(**values: Any) -> int:
        opening.set()
        assert go_on.wait(10)
        return open_association(**values)

    monkeypatch.setattr(ledger, "open_association", slow)
    log, thread = AssociationLog(ledger), Thread()
    accepting = threading.Thread(target=log.accepted, args=(thread, PARTY, []))
    accepting.start()
    assert opening.wait(10)
    numbers: list[int] = []
    reading = threading.Thread(target=lambda: numbers.append(log.number(thread)))
    reading.start()
    go_on.set()
    for each in (accepting, reading):
        each.join(10)
    assert (numbers, len(ledger.opened)) == ([1], 1)


def test_what_was_never_opened_is_forgotten(log: AssociationLog, ledger: FakeLedger) -> None:
    thread = Thread()
    ledger.down = True
    log.accepted(thread, PARTY, [])
    thread.alive = False
    ledger.down = False
    wait_until(lambda: log.open_associations == 0)
    assert ledger.closed == {}


def test_ends_and_refusals_wait_for_the_database(ledger: FakeLedger) -> None:
    log = AssociationLog(ledger, poll_seconds=0.01)
    thread = Thread()
    log.accepted(thread, PARTY, [])
    ledger.down = True
    log.start()
    thread.alive = False
    log.refused(PARTY, "wrong")
    log.stop()
    assert (ledger.closed, ledger.refused_associations) == ({}, [])
    assert log.open_associations == 1


def test_the_same_refusal_many_times_is_one_row(ledger: FakeLedger) -> None:
    log = AssociationLog(ledger, poll_seconds=0.01)
    for _ in range(3):
        log.refused(PARTY, "wrong")
    log.refused(PARTY, "other")
    log.start()
    log.stop()
    assert [row["reason"] for row in ledger.refused_associations] == ["wrong (3 times)", "other"]
    assert ledger.refused_associations[0]["calling_ae_title"] == "CT1"


def test_a_flood_does_not_fill_the_memory(ledger: FakeLedger) -> None:
    log = AssociationLog(ledger, poll_seconds=0.01)
    for _ in range(MAXIMUM_BACKLOG + 10):
        log.refused(PARTY, "wrong")
    log.start()
    log.stop()
    assert [row["reason"] for row in ledger.refused_associations] == [f"wrong ({MAXIMUM_BACKLOG} times)"]


def test_a_bug_in_the_ledger_does_not_end_the_log(log: AssociationLog, ledger: FakeLedger) -> None:
    refuse = ledger.refuse_association

    def broken(**values: Any) -> None:
        if values["reason"] == "poison":
            raise RuntimeError("a bug")
        refuse(**values)

    ledger.refuse_association = broken  # type: ignore[method-assign]
    log.refused(PARTY, "poison")
    log.refused(PARTY, "wrong")
    wait_until(lambda: [row["reason"] for row in ledger.refused_associations] == ["wrong"])
