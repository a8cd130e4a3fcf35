"""The SCU against a real archive."""

from pathlib import Path

import pytest
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage, generate_uid

from dicom_node import scu
from dicom_node.commitment import Reference
from dicom_node.part10 import split_bytes
from dicom_node.sr_fallback import restamp
from screening.errors import DestinationUnavailable
from screening.reports import ReportObject
from tests.dicom_node.network import QUICK, FakeLedger, make_sc, make_sr, running_listener, text_item, wait_until
from tests.servers.orthanc import Orthanc

pytestmark = pytest.mark.orthanc

OURS = "OPPORTUNE"


def _reference(report: ReportObject) -> Reference:
    return Reference(sop_class_uid=report.sop_class_uid, sop_instance_uid=report.sop_instance_uid)


def test_echo(orthanc: Orthanc) -> None:
    result = scu.echo(orthanc.destination, OURS, QUICK)
    assert result.ok
    assert result.status == 0


def test_wrong_called_ae_title_is_told(orthanc: Orthanc) -> None:
    destination = orthanc.destination.model_copy(update={"ae_title": "NOBODY"})
    result = scu.echo(destination, OURS, QUICK)
    assert result.failed == "rejected"
    assert "Called AE title not recognised" in result.detail


def test_stored_objects_are_the_sent_ones(orthanc: Orthanc) -> None:
    objects = [make_sr(), make_sc()]
    results = scu.store(orthanc.destination, OURS, objects, QUICK)
    assert [result.status for result in results] == [0, 0]
    assert [result.sop_instance_uid for result in results] == [report.sop_instance_uid for report in objects]
    assert orthanc.count() == 2
    for report in objects:
        _, ours = split_bytes(report.encoded)
        _, theirs = split_bytes(orthanc.download(report.sop_instance_uid))
        assert theirs == ours


def test_restamped_report_is_readable(orthanc: Orthanc) -> None:
    report = make_sr(text_item("content stays"))
    older = restamp(report, ComprehensiveSRStorage)
    assert [result.status for result in scu.store(orthanc.destination, OURS, [older], QUICK)] == [0]
    tags = orthanc.get(f"/instances/{orthanc.find(older.sop_instance_uid)}/simplified-tags")
    assert tags["SOPClassUID"] == ComprehensiveSRStorage
    assert tags["ContentSequence"][0]["TextValue"] == "content stays"


def test_sending_twice_stores_once(orthanc: Orthanc) -> None:
    report = make_sc()
    for _ in range(2):
        assert [result.status for result in scu.store(orthanc.destination, OURS, [report], QUICK)] == [0]
    assert orthanc.count() == 1


def test_find_says_what_is_there(orthanc: Orthanc) -> None:
    orthanc.add_modality("us", OURS, 104)
    report = make_sc()
    study = _study_of(report)

    def found(sop_instance_uid: str) -> bool:
        return scu.find_instance(
            orthanc.destination,
            OURS,
            study_instance_uid=study,
            series_instance_uid=report.series_instance_uid,
            sop_instance_uid=sop_instance_uid,
            timeouts=QUICK,
        )

    assert not found(report.sop_instance_uid)
    scu.store(orthanc.destination, OURS, [report], QUICK)
    assert found(report.sop_instance_uid)
    assert not found(generate_uid())


def test_find_by_a_stranger_is_refused(orthanc: Orthanc) -> None:
    with pytest.raises(DestinationUnavailable):
        scu.find_instance(
            orthanc.destination,
            OURS,
            study_instance_uid="1.2",
            series_instance_uid="1.2.3",
            sop_instance_uid="1.2.3.4",
            timeouts=QUICK,
        )


def test_commitment(orthanc: Orthanc, tmp_path: Path) -> None:
    ledger = FakeLedger()
    kept, lost = make_sc(), make_sc()
    scu.store(orthanc.destination, OURS, [kept, lost], QUICK)
    orthanc.delete(lost.sop_instance_uid)
    with running_listener(tmp_path / "spool", ledger, peers=(), destinations=[orthanc.destination]) as node:
        orthanc.add_modality("us", OURS, node.port)
        for number, references in enumerate(([kept], [kept, lost])):
            transaction_uid = f"1.2.3.{number}"
            ledger.transactions[transaction_uid] = "orthanc"
            scu.request_commitment(
                orthanc.destination,
                OURS,
                transaction_uid=transaction_uid,
                references=[_reference(report) for report in references],
                timeouts=QUICK,
            )
            wait_until(lambda: len(ledger.reports) > number)  # noqa: B023 (used in this round only)
    good, bad = ledger.reports
    assert good["known"]
    assert good["stored"] == (kept.sop_instance_uid,)
    assert good["failed"] == ()
    assert bad["stored"] == (kept.sop_instance_uid,)
    assert [uid for uid, _ in bad["failed"]] == [lost.sop_instance_uid]


def test_whole_report_class_is_taken(orthanc: Orthanc) -> None:
    report = make_sr()
    (result,) = scu.store(orthanc.destination, OURS, [report], QUICK)
    assert result.sop_class_uid == Comprehensive3DSRStorage


def _study_of(report: ReportObject) -> str:
    from io import BytesIO

    from pydicom import dcmread

    return str(dcmread(BytesIO(report.encoded)).StudyInstanceUID)
