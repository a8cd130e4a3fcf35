"""C-ECHO, C-FIND and storage commitment against the stand-in."""

import socket
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import SecondaryCaptureImageStorage, generate_uid

from dicom_node import scu
from dicom_node.commitment import CommitmentReport, Reference
from dicom_node.identity import Timeouts
from dicom_node.standin_pacs import Script
from screening.errors import DestinationUnavailable, RejectedPermanent, RejectedTransient
from screening.reports import ReportObject
from tests.dicom_node.network import (
    QUICK,
    FakeLedger,
    dead_port,
    destination_at,
    make_sc,
    running_listener,
    running_standin,
    wait_until,
)

OURS = "OPPORTUNE"


def _find(port: int, report: ReportObject) -> bool:
    return scu.find_instance(
        destination_at(port),
        OURS,
        study_instance_uid=str(dcmread(BytesIO(report.encoded)).StudyInstanceUID),
        series_instance_uid=report.series_instance_uid,
        sop_instance_uid=report.sop_instance_uid,
        timeouts=QUICK,
    )


def _ask(port: int, reports: list[ReportObject], transaction_uid: str = "1.2.3") -> None:
    scu.request_commitment(
        destination_at(port),
        OURS,
        transaction_uid=transaction_uid,
        references=[
            Reference(sop_class_uid=report.sop_class_uid, sop_instance_uid=report.sop_instance_uid)
            for report in reports
        ],
        timeouts=QUICK,
    )


def test_echo(tmp_path: Path) -> None:
    with running_standin(tmp_path) as (_, port):
        result = scu.echo(destination_at(port), OURS, QUICK)
    assert result.ok
    assert result.failed is None
    assert 0 < result.seconds < 10


def test_echo_says_that_nobody_listens() -> None:
    result = scu.echo(destination_at(dead_port()), OURS, QUICK)
    assert not result.ok
    assert result.failed == "connection"
    assert "refused" in result.detail


def test_echo_says_that_the_host_is_unknown() -> None:
    result = scu.echo(destination_at(104, address="does-not-exist.invalid"), OURS, QUICK)
    assert result.failed == "connection"
    assert "does-not-exist.invalid" in result.detail


def test_echo_says_who_rejected_and_why(tmp_path: Path) -> None:
    with running_standin(tmp_path, Script(rejection=(1, 1, 3))) as (_, port):
        result = scu.echo(destination_at(port), OURS, QUICK)
    assert result.failed == "rejected"
    assert "Rejected Permanent" in result.detail
    assert "Calling AE title not recognised" in result.detail


def test_echo_says_that_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        destination = destination_at(silent.getsockname()[1])
        result = scu.echo(destination, OURS, Timeouts(acse=0.5, dimse=1, network=1, connect=1))
    assert result.failed == "no answer"


def test_find(tmp_path: Path) -> None:
    there, missing = make_sc(), make_sc()
    with running_standin(tmp_path) as (_, port):
        scu.store(destination_at(port), OURS, [there], QUICK)
        assert _find(port, there)
        assert not _find(port, missing)


def test_find_of_what_was_lost(tmp_path: Path) -> None:
    report = make_sc()
    with running_standin(tmp_path, Script(lose=True)) as (_, port):
        (result,) = scu.store(destination_at(port), OURS, [report], QUICK)
        assert result.status == 0
        assert not _find(port, report)


@pytest.mark.parametrize(
    ("status", "raised"), [(0xA700, RejectedTransient), (0xA900, RejectedPermanent), (0xC001, RejectedPermanent)]
)
def test_find_that_is_refused(tmp_path: Path, status: int, raised: type[Exception]) -> None:
    with (
        running_standin(tmp_path, Script(find_status=status)) as (_, port),
        pytest.raises(raised, match=f"0x{status:04X}"),
    ):
        _find(port, make_sc())


def test_find_at_nobody() -> None:
    with pytest.raises(DestinationUnavailable):
        _find(dead_port(), make_sc())


def test_commitment_good_and_bad(tmp_path: Path) -> None:
    ledger = FakeLedger(transactions={"1.2.3": "pacs", "1.2.4": "pacs"})
    kept, lost = make_sc(), make_sc()
    with (
        running_listener(tmp_path / "spool", ledger, peers=(), destinations=[destination_at(104)]) as node,
        running_standin(tmp_path, Script(report_to=destination_at(node.port, "OPPORTUNE"))) as (pacs, port),
    ):
        scu.store(destination_at(port), OURS, [kept], QUICK)
        _ask(port, [kept])
        wait_until(lambda: len(ledger.reports) == 1)
        _ask(port, [kept, lost], "1.2.4")
        wait_until(lambda: len(ledger.reports) == 2)
        _ask(port, [kept], "1.2.5")
        wait_until(lambda: len(pacs.reported) == 3)
    assert pacs.reported == [0, 0, 0x0115]
    good, bad, unknown = ledger.reports
    assert (good["stored"], good["failed"]) == ((kept.sop_instance_uid,), ())
    assert (bad["stored"], bad["failed"]) == ((kept.sop_instance_uid,), ((lost.sop_instance_uid, 0x0112),))
    assert not unknown["known"]


@pytest.mark.parametrize(("known", "status"), [(True, 0x0000), (False, 0x0110), (None, 0x0110)])
def test_a_report_in_the_association_that_asks(tmp_path: Path, known: bool | None, status: int) -> None:
    """Taken by whoever asks; refused when nobody takes it, so that it comes again."""
    report, taken = make_sc(), []

    def take(found: CommitmentReport) -> bool:
        taken.append(found)
        return bool(known)

    with running_standin(tmp_path, Script(report_within=True)) as (pacs, port):
        scu.store(destination_at(port), OURS, [report], QUICK)
        scu.request_commitment(
            destination_at(port),
            OURS,
            transaction_uid="1.2.3",
            references=[Reference(sop_class_uid=report.sop_class_uid, sop_instance_uid=report.sop_instance_uid)],
            timeouts=QUICK,
            on_report=None if known is None else take,
        )
        assert pacs.reported == [status]
    expected = CommitmentReport(transaction_uid="1.2.3", stored=(report.sop_instance_uid,), failed=())
    assert taken == ([] if known is None else [expected])


@pytest.mark.parametrize(
    ("status", "raised"),
    [(0x0110, RejectedTransient), (0x0213, RejectedTransient), (0x0122, RejectedPermanent)],
)
def test_commitment_that_is_refused(tmp_path: Path, status: int, raised: type[Exception]) -> None:
    with (
        running_standin(tmp_path, Script(commitment_status=status)) as (_, port),
        pytest.raises(raised, match=f"0x{status:04X}"),
    ):
        _ask(port, [make_sc()])


def test_an_archive_without_commitment_is_permanent(tmp_path: Path) -> None:
    """Our own listener offers no storage commitment SCP to a peer."""
    with running_listener(tmp_path / "spool", FakeLedger(), peers=[(OURS, "127.0.0.1")]) as node:
        destination = destination_at(node.port, "OPPORTUNE")
        with pytest.raises(RejectedPermanent, match="no presentation context"):
            scu.request_commitment(
                destination,
                OURS,
                transaction_uid=generate_uid(),
                references=[Reference(sop_class_uid=SecondaryCaptureImageStorage, sop_instance_uid="1.2")],
                timeouts=QUICK,
            )


def test_commitment_at_nobody() -> None:
    with pytest.raises(DestinationUnavailable):
        _ask(dead_port(), [make_sc()])
