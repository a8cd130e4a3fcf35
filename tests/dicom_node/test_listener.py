"""The listener over real sockets, with a ledger in memory."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)
from pynetdicom import build_context, build_role
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    StorageCommitmentPushModel,
    Verification,
)

from dicom_node.commitment import STORAGE_COMMITMENT_SOP_INSTANCE, Reference, event_information
from dicom_node.identity import Timeouts
from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID
from dicom_node.spool import Spool
from screening.errors import DatabaseUnavailable
from tests.dicom_node.network import (
    FakeLedger,
    Running,
    dead_port,
    destination_at,
    make_dataset,
    rejection,
    requesting,
    running_listener,
    set_uid,
    wait_until,
)

CR = build_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
SC = build_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
ECHO = build_context(Verification, ExplicitVRLittleEndian)
COMMITMENT = build_context(StorageCommitmentPushModel, ExplicitVRLittleEndian)
AS_REPORTER = build_role(StorageCommitmentPushModel, scp_role=True)


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def node(tmp_path: Path, ledger: FakeLedger) -> Iterator[Running]:
    """A listener that knows one peer at one address and one destination at another."""
    with running_listener(
        tmp_path / "spool",
        ledger,
        peers=[("MODALITY", "127.0.0.1"), ("OTHER", "127.0.0.3")],
        destinations=[destination_at(104, "PACS", "127.0.0.2")],
    ) as running:
        yield running


def test_echo_and_store(node: Running, ledger: FakeLedger) -> None:
    ds = make_dataset()
    with requesting(node.port, [ECHO, CR]) as association:
        assert association.acceptor.implementation_class_uid == IMPLEMENTATION_CLASS_UID
        assert association.send_c_echo().Status == 0
        assert association.send_c_store(ds).Status == 0
        (row,) = ledger.registered
        assert row["sop_instance_uid"] == ds.SOPInstanceUID
        assert dcmread(node.spool.path(row["spool_name"])) == ds
        assert node.bells == [1]
    wait_until(lambda: ledger.closed == {1: "released"})


@pytest.mark.parametrize("calling", ["MODALITY", "STRANGER"])
@pytest.mark.parametrize("called", ["OPPORTUNE", "ANY-SCP"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.3", "127.0.0.4"])
def test_only_all_right_is_accepted(node: Running, ledger: FakeLedger, calling: str, called: str, address: str) -> None:
    """Address, calling and called AE title: one wrong, and the association is refused and written down."""
    right = (calling, called, address) == ("MODALITY", "OPPORTUNE", "127.0.0.1")
    if right:
        with requesting(node.port, [ECHO], calling, called, address) as association:
            assert association.is_established
    else:
        reason = 3 if called == "OPPORTUNE" else 7
        expected = None if address == "127.0.0.4" else (1, 1, reason)
        assert rejection(node.port, calling, called, address) == expected
    if right:
        wait_until(lambda: ledger.closed == {1: "released"})
        assert ledger.refused_associations == []
        return
    wait_until(lambda: ledger.refused_associations)
    (row,) = ledger.refused_associations
    assert row["address"] == address
    assert row["reason"]
    assert ledger.opened == []
    # an address of nobody is not even asked for its name
    assert row["calling_ae_title"] == ("" if address == "127.0.0.4" else calling)


def test_a_stranger_is_cut_off_before_it_says_a_word(node: Running, ledger: FakeLedger) -> None:
    threads = threading.active_count()
    with socket.create_connection(("127.0.0.1", node.port), source_address=("127.0.0.4", 0)) as stranger:
        stranger.settimeout(5)
        assert stranger.recv(1) == b""
    assert threading.active_count() <= threads
    wait_until(lambda: ledger.refused_associations)
    assert "no peer or destination has this address" in ledger.refused_associations[0]["reason"]


def test_a_flood_of_strangers_is_few_rows(node: Running, ledger: FakeLedger) -> None:
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", node.port), source_address=("127.0.0.4", 0)):
            pass
    wait_until(lambda: ledger.refused_associations)
    with requesting(node.port, [ECHO]) as association:
        assert association.send_c_echo().Status == 0
    assert len(ledger.refused_associations) < 100


def test_what_each_may_do(node: Running) -> None:
    """A peer stores, a destination reports on commitment, both echo."""
    with requesting(node.port, [ECHO, CR, COMMITMENT]) as peer:
        assert {context.abstract_syntax for context in peer.accepted_contexts} == {
            Verification,
            ComputedRadiographyImageStorage,
        }
    with requesting(
        node.port, [ECHO, CR, COMMITMENT], "PACS", address="127.0.0.2", negotiation=[AS_REPORTER]
    ) as destination:
        assert {context.abstract_syntax for context in destination.accepted_contexts} == {
            Verification,
            StorageCommitmentPushModel,
        }
        assert destination.send_c_echo().Status == 0


def test_contexts_that_are_not_accepted_are_written_down(node: Running, ledger: FakeLedger) -> None:
    offered = [
        CR,
        build_context(MRImageStorage, [ExplicitVRLittleEndian, ExplicitVRBigEndian]),
        build_context(CTImageStorage, [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]),
        build_context(PatientRootQueryRetrieveInformationModelFind, ExplicitVRLittleEndian),
    ]
    with requesting(node.port, offered) as association:
        assert len(association.accepted_contexts) == 1
    wait_until(lambda: ledger.opened)
    assert ledger.opened[0].rejected_contexts == [
        (MRImageStorage, [ExplicitVRLittleEndian, ExplicitVRBigEndian]),
        (CTImageStorage, [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian]),
        (PatientRootQueryRetrieveInformationModelFind, [ExplicitVRLittleEndian]),
    ]


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1..3", "/x", "1.2.3/../../4", "a" * 64])
def test_odd_uids_are_refused_one_by_one(node: Running, ledger: FakeLedger, tmp_path: Path, uid: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    good = make_dataset()
    with requesting(node.port, [CR]) as association:
        odd = set_uid(make_dataset(), "SOPInstanceUID", uid)
        assert association.send_c_store(odd).Status == 0x0117
        assert sorted(tmp_path.rglob("*")) == before
        assert association.send_c_store(good).Status == 0, "the next object of the association is taken"
    (refusal,) = ledger.refusals
    assert refusal["status"] == 0x0117
    assert len(node.files()) == 1


def test_a_full_spool_is_told(tmp_path: Path, ledger: FakeLedger) -> None:
    spool = Spool(tmp_path / "spool", minimum_free=2**62)
    with running_listener(tmp_path / "spool", ledger, spool=spool) as node, requesting(node.port, [CR]) as association:
        assert association.send_c_store(make_dataset()).Status == 0xA700
        assert node.files() == []
        assert ledger.registered == []
        assert ledger.refusals[0]["status"] == 0xA700


def test_a_database_that_is_down_is_told_and_comes_back(node: Running, ledger: FakeLedger) -> None:
    with requesting(node.port, [CR]) as association:
        wait_until(lambda: ledger.opened)
        ledger.down = True
        assert association.send_c_store(make_dataset()).Status == 0xA700
        assert node.files() == []
        assert node.bells == []
        ledger.down = False
        assert association.send_c_store(make_dataset()).Status == 0
        assert len(node.files()) == 1


def test_an_association_without_a_database(node: Running, ledger: FakeLedger) -> None:
    """It is accepted, answers 0xA700, and is opened by the first object after the database is back."""
    ledger.down = True
    with requesting(node.port, [ECHO, CR]) as association:
        assert association.send_c_echo().Status == 0
        assert association.send_c_store(make_dataset()).Status == 0xA700
        ledger.down = False
        assert association.send_c_store(make_dataset()).Status == 0
        assert ledger.registered[0]["association_id"] == 1
        ledger.down = True
    time.sleep(0.3)  # the end of the association meets a database that is down
    assert ledger.closed == {}
    ledger.down = False
    wait_until(lambda: ledger.closed == {1: "released"})


def test_a_bug_fails_the_object_and_not_the_association(
    node: Running, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(list[Any]):
        def append(self, _: Any) -> None:
            raise RuntimeError("CANARY^PATIENT")

    monkeypatch.setattr(ledger, "registered", Broken())
    with requesting(node.port, [CR]) as association:
        status = association.send_c_store(make_dataset())
        assert status.Status == 0x0110
        assert "CANARY" not in str(status)
        assert node.files() == []
        monkeypatch.undo()
        assert association.send_c_store(make_dataset()).Status == 0


def test_our_own_output_is_refused(node: Running, ledger: FakeLedger) -> None:
    ds = make_dataset(SecondaryCaptureImageStorage)
    ledger.own.add(ds.SOPInstanceUID)
    with requesting(node.port, [SC]) as association:
        status = association.send_c_store(ds)
        assert status.Status == 0xC001
        assert status.ErrorComment == "made by this node; not screened again"
        assert association.send_c_store(make_dataset(SecondaryCaptureImageStorage)).Status == 0
    assert [row["sop_instance_uid"] for row in ledger.refusals] == [ds.SOPInstanceUID]
    assert len(node.files()) == 1


def test_many_associations_at_once(node: Running, ledger: FakeLedger) -> None:
    datasets = [[make_dataset() for _ in range(5)] for _ in range(6)]
    statuses: list[int] = []

    def send(of_one: list[Any]) -> None:
        with requesting(node.port, [CR]) as association:
            statuses.extend(association.send_c_store(ds).Status for ds in of_one)

    threads = [threading.Thread(target=send, args=(of_one,)) for of_one in datasets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 30
    sent = {str(ds.SOPInstanceUID): ds for of_one in datasets for ds in of_one}
    for row in ledger.registered:
        assert dcmread(node.spool.path(row["spool_name"])) == sent.pop(row["sop_instance_uid"])
    assert sent == {}
    assert len({row["association_id"] for row in ledger.registered}) == 6
    wait_until(lambda: ledger.closed == dict.fromkeys(range(1, 7), "released"))


def test_too_many_associations(tmp_path: Path, ledger: FakeLedger) -> None:
    with (
        running_listener(
            tmp_path / "spool", ledger, maximum_associations=1, maximum_associations_per_address=2
        ) as node,
        requesting(node.port, [ECHO]) as first,
    ):
        with requesting(node.port, [ECHO]) as second:
            assert second.is_rejected
            answer: Any = second.acceptor.primitive
            assert (answer.result, answer.result_source, answer.diagnostic) == (2, 3, 2)
        wait_until(lambda: ledger.refused_associations)
        assert ledger.refused_associations[0]["reason"] == "maximum_associations reached"
        assert first.send_c_echo().Status == 0


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        (lambda association: association.release(), "released"),
        (lambda association: association.abort(), "aborted"),
        (lambda association: association.dul.socket.socket.shutdown(socket.SHUT_RDWR), "connection lost"),
    ],
)
def test_how_an_association_ends(node: Running, ledger: FakeLedger, end: Any, ended: str) -> None:
    with requesting(node.port, [ECHO]) as association:
        wait_until(lambda: ledger.opened)
        end(association)
        wait_until(lambda: ledger.closed == {1: ended})


def test_silence_ends_an_association(tmp_path: Path, ledger: FakeLedger) -> None:
    quick = Timeouts(acse=1, dimse=1, network=0.5, connect=1)
    with (
        running_listener(tmp_path / "spool", ledger, timeouts=quick) as node,
        requesting(node.port, [ECHO]) as association,
    ):
        assert association.is_established
        wait_until(lambda: ledger.closed == {1: "aborted"})


@pytest.mark.parametrize("said", [b"", b"\x01\x00\x00", b"\x01\x00\x00\x00\x00\xff half a request"])
def test_a_stalled_socket_is_closed(tmp_path: Path, ledger: FakeLedger, said: bytes) -> None:
    quick = Timeouts(acse=0.5, dimse=1, network=0.5, connect=1)
    with (
        running_listener(tmp_path / "spool", ledger, timeouts=quick) as node,
        socket.create_connection(("127.0.0.1", node.port)) as stalled,
    ):
        stalled.sendall(said)
        stalled.settimeout(10)
        received = b""
        while chunk := stalled.recv(1024):
            received += chunk
        assert received in (b"", received[:10])  # nothing, or an A-ABORT


def test_a_restart_closes_what_was_left_open(tmp_path: Path) -> None:
    ledger = FakeLedger(stale=3)
    calls = []
    ledger.close_stale = lambda: calls.append(1) or 3  # type: ignore[method-assign,func-returns-value]
    with running_listener(tmp_path / "spool", ledger):
        assert calls == [1]


def test_it_does_not_start_without_a_ledger(tmp_path: Path) -> None:
    port = dead_port()
    with pytest.raises(DatabaseUnavailable), running_listener(tmp_path / "spool", FakeLedger(down=True), port=port):
        pass
    with running_listener(tmp_path / "spool", FakeLedger(), port=port) as node:
        assert node.port == port


def test_a_second_listener_does_not_close_the_first_ones_associations(node: Running, tmp_path: Path) -> None:
    ledger = FakeLedger()
    calls = []
    ledger.close_stale = lambda: calls.append(1) or 0  # type: ignore[method-assign,func-returns-value]
    with pytest.raises(OSError, match="in use"), running_listener(tmp_path / "spool", ledger, port=node.port):
        pass
    assert calls == []


def test_stop_ends_associations_and_writes_it(tmp_path: Path, ledger: FakeLedger) -> None:
    with running_listener(tmp_path / "spool", ledger) as node:
        with requesting(node.port, [ECHO]) as association:
            wait_until(lambda: ledger.opened)
            node.listener.stop()
            assert ledger.closed == {1: "aborted"}
            wait_until(lambda: not association.is_established)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", node.port))


def _report(association: Association, transaction_uid: str) -> int:
    reference = Reference(sop_class_uid=SecondaryCaptureImageStorage, sop_instance_uid="1.2.3")
    status, _ = association.send_n_event_report(
        set_uid(event_information("1.2", [reference], []), "TransactionUID", transaction_uid),
        1,
        StorageCommitmentPushModel,
        STORAGE_COMMITMENT_SOP_INSTANCE,
    )
    return int(status.Status)


def test_commitment_reports(node: Running, ledger: FakeLedger) -> None:
    ledger.transactions = {"1.2.9": "pacs", "1.2.10": "another"}
    with requesting(node.port, [COMMITMENT], "PACS", address="127.0.0.2", negotiation=[AS_REPORTER]) as association:
        assert _report(association, "1.2.9") == 0
        assert _report(association, "1.2.11") == 0x0115, "nobody asked"
        assert _report(association, "1.2.10") == 0x0115, "somebody else was asked"
        assert _report(association, "no uid") == 0x0115
        ledger.down = True
        assert _report(association, "1.2.9") == 0x0110, "to be sent again"
        ledger.down = False
        assert _report(association, "1.2.9") == 0
    assert [report["known"] for report in ledger.reports] == [True, False, False, True]
    assert ledger.reports[0]["stored"] == ("1.2.3",)


def test_the_log_names_nobody(node: Running, ledger: FakeLedger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    odd = set_uid(make_dataset(), "SOPInstanceUID", "CANARY/../x")
    with requesting(node.port, [ECHO, CR]) as association:
        association.send_c_store(make_dataset())
        association.send_c_store(odd)
        ledger.down = True
        association.send_c_store(make_dataset())
        ledger.down = False
    wait_until(lambda: ledger.closed)
    assert "CANARY" not in caplog.text
    assert [record.name for record in caplog.records if record.name.startswith("pynetdicom")] == []
