"""Files that the disk does not give back: one is given up in time, a disk that is out is waited for."""

from dataclasses import replace
from pathlib import Path

import pytest

from db import instances
from db.engine import transaction
from dicom_node.header import read_instance
from screening.errors import SpoolUnavailable
from screening.types import Instance
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import bell_of, radiograph, receive
from tests.worker.test_reconciler import MODULE, Clock
from worker.ports import Ports
from worker.reconciler import Reconciler


def test_a_file_that_cannot_be_read_holds_up_other_studies_for_three_counted_rounds(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = receive(ports, radiograph(1))
    receive(ports, radiograph(2, StudyInstanceUID="1.2.2", SeriesInstanceUID="1.2.2.1", PatientID="P2"))

    def fragile(path: Path, *, location: str) -> Instance:
        if location == bad:
            raise SpoolUnavailable("cannot read a stored file: Input/output error")
        return read_instance(path, location=location)

    monkeypatch.setattr("worker.indexing.read_instance", fragile)
    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    for seconds in (0, 0, 29, 1, 29):  # rounds in quick succession are no evidence: a disk may come back
        clock.forward(seconds)
        reconciler.round()
        assert bell_of(ports).jobs == []
    clock.forward(1)
    reconciler.round()
    assert len(bell_of(ports).jobs) == 1
    with transaction(ports.sessions) as session:
        assert [row.spool_name for row in instances.received(session)] == []
    assert ports.spool.path(bad).is_file()


def test_a_disk_that_is_out_is_waited_for(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(ports, radiograph())

    def out(path: Path, *, location: str) -> Instance:
        raise SpoolUnavailable("cannot read a stored file: Input/output error")

    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    with monkeypatch.context() as patch:
        patch.setattr("worker.indexing.read_instance", out)
        patch.setattr(type(ports.spool), "works", lambda _: False)
        for _ in range(10):
            reconciler.round()
            clock.forward(30)
    reconciler.round()
    assert len(bell_of(ports).jobs) == 1


def test_a_file_that_could_be_read_again_begins_anew(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[int] = []
    failing = [{1, 2}, {2}, {1, 2}, {1}]

    def index(_: Ports, found: set[int]) -> int:
        found |= failing.pop(0)
        return 0

    monkeypatch.setattr(f"{MODULE}.index_received", index)
    monkeypatch.setattr(f"{MODULE}.give_up", lambda _, ids: given_up.extend(ids))
    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    for _ in range(4):
        reconciler.round()
        clock.forward(30)
    assert given_up == [2]
