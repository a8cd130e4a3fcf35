"""One object at a time: durable, committed, then Success; otherwise nothing is left."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from dicom_node.arrival import Arrival, Incoming, Unfinished
from dicom_node.entries import AssociationEntry
from dicom_node.gate import Storage
from dicom_node.limits import Budget
from dicom_node.part10 import head
from dicom_node.reception import Answer, Reception
from dicom_node.registrar import Batch, Registrar
from dicom_node.spool import Spool
from dicom_node.spool_file import SpoolFile, Stored
from screening.errors import CommitUnknown, DatabaseUnavailable, SpoolFailed
from tests.dicom_node.network import FakeLedger

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CR = str(ComputedRadiographyImageStorage)
SC = str(SecondaryCaptureImageStorage)


Receiving = Callable[..., Reception]


@pytest.fixture
def receiving() -> Iterator[Receiving]:
    """Makes a reception of a spool and a ledger."""
    registrars = []

    def make(spool: Storage, ledger: FakeLedger, on_stored: Callable[[], None] = lambda: None) -> Reception:
        registrars.append(Registrar(ledger.write))
        registrars[-1].start()
        return Reception(spool, ledger, registrars[-1], on_stored, Budget(1000))

    yield make
    for registrar in registrars:
        registrar.stop()


def _incoming(**values: Any) -> Incoming:
    defaults: dict[str, Any] = {
        "abstract_syntax": CR,
        "sop_class_uid": CR,
        "sop_instance_uid": "1.2.3",
        "transfer_syntax_uid": str(ExplicitVRLittleEndian),
    }
    return Incoming(**(defaults | values))


class _TracedSpool(Spool):
    def __init__(self, root: Path, steps: list[str]) -> None:
        super().__init__(root, minimum_free=0)
        self._steps = steps

    def begin(self) -> SpoolFile:
        unfinished = super().begin()
        keep, drop = unfinished.keep, unfinished.drop

        def traced() -> Stored:
            stored = keep()
            self._steps.append("spool")
            return stored

        def traced_drop() -> None:
            drop()
            self._steps.append("removed")

        unfinished.keep = traced  # type: ignore[method-assign]
        unfinished.drop = traced_drop  # type: ignore[method-assign]
        return unfinished


class _TracedLedger(FakeLedger):
    def __init__(self, steps: list[str]) -> None:
        super().__init__()
        self._steps = steps

    def write(self, batch: Batch) -> None:
        super().write(batch)
        self._steps.append("commit")


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def _receive(reception: Reception, **values: Any) -> Answer:
    association = AssociationEntry(calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.0.0.1", number=7)
    return reception.receive(association, _arrival(reception, **values))


def _arrival(reception: Reception, **values: Any) -> Arrival:
    arrival = reception.expect(_incoming(**values))
    arrival.write(memoryview(b"data "))
    arrival.write(memoryview(b"set"))
    return arrival


def test_success_comes_last(tmp_path: Path, receiving: Receiving) -> None:
    steps: list[str] = []
    reception = receiving(_TracedSpool(tmp_path, steps), _TracedLedger(steps), lambda: steps.append("bell"))
    assert _receive(reception) == Answer(status=0)
    assert sorted(steps[:2]) == ["commit", "spool"]  # at the same time
    assert steps[2:] == ["bell"]


def test_what_is_stored_and_registered(tmp_path: Path, receiving: Receiving) -> None:
    ledger, spool = FakeLedger(), Spool(tmp_path, minimum_free=0)
    _receive(receiving(spool, ledger))
    (row,) = ledger.registered
    path = spool.path(row.pop("spool_name"))
    uids = {"sop_class_uid": CR, "sop_instance_uid": "1.2.3", "transfer_syntax_uid": ExplicitVRLittleEndian}
    assert path.read_bytes() == head(**uids) + b"data set"
    assert row == {"association_id": 7, "size": path.stat().st_size, **uids}


def test_without_a_database_nothing_is_left(tmp_path: Path, receiving: Receiving) -> None:
    steps: list[str] = []
    ledger = _TracedLedger(steps)
    ledger.down = True
    reception = receiving(_TracedSpool(tmp_path, steps), ledger, lambda: steps.append("bell"))
    assert _receive(reception).status == 0xA700
    assert steps == ["spool", "removed"]
    assert _files(tmp_path) == []


def test_without_a_spool_nothing_is_registered(tmp_path: Path, receiving: Receiving) -> None:
    ledger = FakeLedger()
    spool = Spool(tmp_path, minimum_free=2**62)
    assert _receive(receiving(spool, ledger)).status == 0xA700
    assert ledger.registered == []
    assert [(row["status"], row["association_id"]) for row in ledger.refusals] == [(0xA700, 7)]


def test_any_failure_of_the_ledger_empties_the_spool(tmp_path: Path, receiving: Receiving) -> None:
    class Broken(FakeLedger):
        def write(self, batch: Batch) -> None:
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        _receive(receiving(Spool(tmp_path, minimum_free=0), Broken()))
    assert _files(tmp_path) == []


def test_a_commit_of_which_nobody_knew_is_asked_for_by_its_key(tmp_path: Path, receiving: Receiving) -> None:
    class Cut(FakeLedger):
        def write(self, batch: Batch) -> None:
            super().write(batch)
            raise CommitUnknown("the connection was cut")

    ledger, spool = Cut(), Spool(tmp_path, minimum_free=0)
    assert _receive(receiving(spool, ledger)).status == 0
    (row,) = ledger.registered
    assert spool.path(row["spool_name"]).is_file()


def test_a_file_stays_while_its_row_may_still_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiving: Receiving
) -> None:
    class Gone(FakeLedger):
        def write(self, batch: Batch) -> None:
            self.down = True
            raise CommitUnknown("the connection was cut")

    monkeypatch.setattr("dicom_node.reception._ASK_AFTER_SECONDS", (0.0, 0.0))
    spool = Spool(tmp_path, minimum_free=0)
    assert _receive(receiving(spool, Gone())).status == 0xA700
    ((_,),) = spool.old_names(-60)


def test_a_failed_disk_is_told_once(tmp_path: Path, receiving: Receiving) -> None:
    class Failed(Spool):
        def begin(self) -> SpoolFile:
            raise SpoolFailed("fsync failed")

    ledger = FakeLedger()
    reception = receiving(Failed(tmp_path, minimum_free=0), ledger)
    assert [_receive(reception).status for _ in range(2)] == [0xA700, 0xA700]
    assert ledger.spool_failures == ["fsync failed"]


class _NotConfirmed(Spool):
    """Its disk confirms nothing."""

    def begin(self) -> SpoolFile:
        unfinished = super().begin()
        keep = unfinished.keep

        def failing() -> Stored:
            keep()
            raise SpoolFailed("fsync failed: EIO")

        unfinished.keep = failing  # type: ignore[method-assign]
        return unfinished


def test_a_row_whose_file_is_not_durable_is_taken_back(tmp_path: Path, receiving: Receiving) -> None:
    ledger = FakeLedger()
    assert _receive(receiving(_NotConfirmed(tmp_path, 0), ledger)).status == 0xA700
    assert ledger.withdrawn == {
        ledger.registered[0]["spool_name"]: "fsync failed: EIO; the sender was told to send it again"
    }
    assert _files(tmp_path) == []


def test_what_cannot_be_taken_back_keeps_its_file(tmp_path: Path, receiving: Receiving) -> None:
    """A row without a file could make a copy that is sent again a duplicate of nothing."""

    class Down(FakeLedger):
        def withdraw(self, spool_name: str, reason: str) -> None:
            raise DatabaseUnavailable("down")

    ledger = Down()
    assert _receive(receiving(_NotConfirmed(tmp_path, 0), ledger)).status == 0xA700
    assert [path.name for path in _files(tmp_path)] == [ledger.registered[0]["spool_name"]]


def test_neither_durable_nor_registered_leaves_nothing(tmp_path: Path, receiving: Receiving) -> None:
    ledger = FakeLedger(down=True)
    assert _receive(receiving(_NotConfirmed(tmp_path, 0), ledger)).status == 0xA700
    assert (ledger.withdrawn, _files(tmp_path)) == ({}, [])


@pytest.mark.parametrize(
    "uid",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "1..2",
        ".",
        "",
        "1.2.3\n",
        "1." + "2" * 64,
        "'; DROP TABLE x; --",
        "\x00",
    ],
)
def test_what_is_no_uid_is_refused(tmp_path: Path, uid: str, receiving: Receiving) -> None:
    ledger = FakeLedger()
    answer = _receive(receiving(Spool(tmp_path, minimum_free=0), ledger), sop_instance_uid=uid)
    assert answer.status == 0x0117
    assert _files(tmp_path) == []
    (row,) = ledger.refusals
    assert row["status"] == 0x0117
    assert row["sop_instance_uid"].isprintable()
    assert len(row["sop_instance_uid"]) <= 64


def test_another_class_than_the_context_is_refused(tmp_path: Path, receiving: Receiving) -> None:
    ledger = FakeLedger()
    reception = receiving(Spool(tmp_path, minimum_free=0), ledger)
    assert _receive(reception, sop_class_uid=SC).status == 0xA900
    assert [row["status"] for row in ledger.refusals] == [0xA900]
    assert ledger.registered == []


def test_our_own_output_is_refused(tmp_path: Path, receiving: Receiving) -> None:
    ledger = FakeLedger(own={"1.2.3"})
    reception = receiving(Spool(tmp_path, minimum_free=0), ledger)
    ours = _receive(reception, abstract_syntax=SC, sop_class_uid=SC)
    assert ours.status == 0xC001
    assert "made by this node" in ours.comment
    assert [row["status"] for row in ledger.refusals] == [0xC001]
    assert _receive(reception, abstract_syntax=SC, sop_class_uid=SC, sop_instance_uid="1.2.4").status == 0
    assert len(_files(tmp_path)) == 1


def test_a_broken_bell_fails_nothing(tmp_path: Path, receiving: Receiving) -> None:
    def broken() -> None:
        raise RuntimeError("bell")

    assert _receive(receiving(Spool(tmp_path, minimum_free=0), FakeLedger(), broken)).status == 0


def test_comments_fit_their_element(tmp_path: Path, receiving: Receiving) -> None:
    """Error Comment is VR LO: at most 64 characters."""
    answers = [
        _receive(receiving(Spool(tmp_path, minimum_free=0), FakeLedger(own={"1.2.3"})), **values)
        for values in (
            {"sop_instance_uid": "x"},
            {"sop_class_uid": SC},
            {"sop_class_uid": SC, "abstract_syntax": SC},
        )
    ]
    assert all(0 < len(answer.comment) <= 64 for answer in answers)


def test_a_refused_request_costs_no_file(tmp_path: Path, receiving: Receiving) -> None:
    reception = receiving(Spool(tmp_path, minimum_free=0), FakeLedger())
    _arrival(reception, sop_instance_uid="x")
    assert _files(tmp_path) == []
    arrival = _arrival(reception)
    assert len(_files(tmp_path)) == 1
    arrival.drop()
    assert _files(tmp_path) == []


def test_reception_needs_no_more_than_begin(receiving: Receiving) -> None:
    files: list[MemoryFile] = []

    class Memory:
        def begin(self) -> Unfinished:
            files.append(MemoryFile())
            return files[-1]

    reception = receiving(Memory(), FakeLedger(down=True))
    assert _receive(reception).status == 0xA700
    assert [file.dropped for file in files] == [True]


class MemoryFile:
    """A file that is none."""

    name = "0" * 32
    size = 0
    dropped = False

    def write(self, chunk: "ReadableBuffer") -> None:
        self.size += len(memoryview(chunk))

    def keep(self) -> Stored:
        return Stored(name=self.name, size=self.size)

    def drop(self) -> None:
        self.dropped = True
