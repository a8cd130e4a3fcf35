"""What becomes of associations is written, sooner or later."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dicom_node.association_log import MAXIMUM_BACKLOG, AssociationLog, Party
from dicom_node.registrar import Batch, Registrar
from tests.dicom_node.network import FakeLedger, wait_until

PARTY = Party(calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.0.0.1")


class Thread:
    """The thread of an association."""

    def __init__(self) -> None:
        self.alive = True

    def is_alive(self) -> bool:
        return self.alive


@contextmanager
def _running(ledger: FakeLedger) -> Iterator[AssociationLog]:
    """A log that writes until the end of the block, and what is left then."""
    registrar = Registrar(ledger.write)
    log = AssociationLog(ledger, registrar, poll_seconds=0.01)
    registrar.start()
    log.start()
    try:
        yield log
    finally:
        log.stop()
        registrar.stop()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def log(ledger: FakeLedger) -> Iterator[AssociationLog]:
    with _running(ledger) as log:
        yield log


def test_one_that_brings_nothing_is_opened_and_closed_when_its_thread_is_through(
    log: AssociationLog, ledger: FakeLedger
) -> None:
    thread = Thread()
    log.accepted(thread, PARTY, [("1.2", ["1.3"])])
    wait_until(lambda: log.entry(thread).number == 1)
    assert ledger.opened[0].rejected_contexts == [("1.2", ["1.3"])]
    log.ending(thread, "released")
    assert ledger.closed == {}, "the thread may still be storing what it received"
    thread.alive = False
    wait_until(lambda: log.open_associations == 0)
    assert (len(ledger.opened), ledger.closed) == (1, {1: "released"})


def test_one_that_is_over_at_once_is_written_too(ledger: FakeLedger) -> None:
    with _running(ledger) as log:
        thread = Thread()
        thread.alive = False
        log.accepted(thread, PARTY, [])
    assert (len(ledger.opened), ledger.closed) == (1, {1: "connection lost"})


def test_an_end_without_a_word_is_a_lost_connection(log: AssociationLog, ledger: FakeLedger) -> None:
    thread = Thread()
    log.accepted(thread, PARTY, [])
    thread.alive = False
    wait_until(lambda: ledger.closed == {1: "connection lost"})


def test_it_is_opened_once_when_the_database_is_back(log: AssociationLog, ledger: FakeLedger) -> None:
    thread = Thread()
    ledger.down = True
    log.accepted(thread, PARTY, [])
    wait_until(lambda: log.entry(thread).age > 0.1)
    assert log.entry(thread).number is None
    ledger.down = False
    wait_until(lambda: log.entry(thread).number == 1)
    assert len(ledger.opened) == 1


def test_ends_and_refusals_wait_for_the_database(ledger: FakeLedger) -> None:
    with _running(ledger) as log:
        thread = Thread()
        log.accepted(thread, PARTY, [])
        wait_until(lambda: log.entry(thread).number == 1)
        ledger.down = True
        thread.alive = False
        log.refused(PARTY, "wrong")
    assert (ledger.closed, ledger.refused_associations) == ({}, [])
    assert log.open_associations == 1


def test_the_same_refusal_many_times_is_one_row(ledger: FakeLedger) -> None:
    log = AssociationLog(ledger, Registrar(ledger.write), poll_seconds=0.01)
    for _ in range(3):
        log.refused(PARTY, "wrong")
    log.refused(PARTY, "other")
    log.start()
    log.stop()
    assert [row["reason"] for row in ledger.refused_associations] == ["wrong (3 times)", "other"]
    assert ledger.refused_associations[0]["calling_ae_title"] == "CT1"


def test_a_flood_does_not_fill_the_memory(ledger: FakeLedger) -> None:
    log = AssociationLog(ledger, Registrar(ledger.write), poll_seconds=0.01)
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


def test_an_association_that_cannot_be_written_keeps_no_other_from_it(ledger: FakeLedger) -> None:
    write = ledger.write

    def broken(batch: Batch) -> None:
        if "poison" in [entry.calling_ae_title for entry in batch.opened]:
            raise RuntimeError("a bug")
        write(batch)

    ledger.write = broken  # type: ignore[method-assign]
    with _running(ledger) as log:
        for name in ("poison", "CT1"):
            thread = Thread()
            thread.alive = False
            log.accepted(thread, Party(calling_ae_title=name, called_ae_title="OPPORTUNE", address="10.0.0.1"), [])
    assert ([entry.calling_ae_title for entry in ledger.opened], log.open_associations) == (["CT1"], 0)
