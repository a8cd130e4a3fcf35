"""C-STORE against a stand-in that does as the script says."""

import socket
import threading
from pathlib import Path

import pytest
from pydicom.uid import (
    BasicTextSRStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EnhancedSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)

from dicom_node import scu
from dicom_node.contexts import RECEIVED_SOP_CLASSES, RECEIVED_TRANSFER_SYNTAXES
from dicom_node.identity import Timeouts
from dicom_node.part10 import split_bytes
from dicom_node.sr_fallback import fallback_uid, restamp
from dicom_node.standin_pacs import Script
from screening.errors import BadHeader, DestinationUnavailable
from screening.reports import FORMS
from screening.types import is_uid
from tests.dicom_node.network import (
    QUICK,
    FakeLedger,
    dead_port,
    destination_at,
    encoded,
    make_dataset,
    make_sc,
    make_sr,
    running_listener,
    running_standin,
    text_item,
)
from tests.dicom_node.reports.factories import make_request
from tests.dicom_node.reports.forms import with_forms

OURS = "OPPORTUNE"


def test_bytes_are_unchanged_and_results_in_order(tmp_path: Path) -> None:
    objects = [make_sr(), make_sc(), make_sr(), make_sc()]
    with running_standin(tmp_path) as (pacs, port):
        results = scu.store(destination_at(port), OURS, objects, QUICK)
        stored = pacs.objects()
    assert [result.sop_instance_uid for result in results] == [report.sop_instance_uid for report in objects]
    assert all(result.status == 0 and result.delivered for result in results)
    for report in objects:
        assert split_bytes(stored[report.sop_instance_uid].read_bytes())[1] == split_bytes(report.encoded)[1]


def test_pictures_go_first(tmp_path: Path) -> None:
    report, picture = make_sr(), make_sc()
    with running_standin(tmp_path, Script(statuses=[0xC000])) as (_, port):
        results = scu.store(destination_at(port), OURS, [report, picture], QUICK)
    assert [result.status for result in results] == [0, 0xC000]


def test_further_forms_go_last_under_their_own_sop_classes(tmp_path: Path) -> None:
    forms = [item for item in with_forms(make_request()).objects if item.kind in FORMS]
    with running_standin(tmp_path, Script(statuses=[0, 0, 0xC000, 0])) as (pacs, port):
        results = scu.store(destination_at(port), OURS, [*reversed(forms), make_sr()], QUICK)
        assert len(pacs.objects()) == 3
    kos, gsps, text, report = results
    assert [result.status for result in (report, text, gsps, kos)] == [0, 0, 0xC000, 0]  # the order on the wire
    assert [result.sop_class_uid for result in (text, gsps, kos)] == [
        BasicTextSRStorage, GrayscaleSoftcopyPresentationStateStorage, KeyObjectSelectionDocumentStorage,
    ]  # fmt: skip


def test_a_destination_that_takes_no_presentation_state_gets_the_rest(tmp_path: Path) -> None:
    forms = [item for item in with_forms(make_request()).objects if item.kind in FORMS]
    with running_standin(tmp_path, sop_classes=[BasicTextSRStorage]) as (_, port):
        text, gsps, kos = scu.store(destination_at(port), OURS, forms, QUICK)
    assert text.delivered
    assert gsps.permanent
    assert kos.permanent


@pytest.mark.parametrize(
    ("status", "delivered", "permanent", "words"),
    [
        (0x0000, True, False, "0x0000"),
        (0xB000, True, False, "0xB000"),
        (0xA700, False, False, "0xA700"),
        (0xA900, False, True, "0xA900"),
        (0xC000, False, True, "0xC000"),
        (0x0122, False, True, "0x0122"),
        (0x0110, False, False, "0x0110"),
    ],
)
def test_each_object_has_its_own_status(
    tmp_path: Path, status: int, delivered: bool, permanent: bool, words: str
) -> None:
    with running_standin(tmp_path, Script(statuses=[0, status, 0])) as (pacs, port):
        objects = [make_sc(), make_sc(), make_sc()]
        results = scu.store(destination_at(port), OURS, objects, QUICK)
        assert [result.status for result in results] == [0, status, 0]
        assert len(pacs.objects()) == 2 + delivered
    assert (results[1].delivered, results[1].permanent) == (delivered, permanent)
    assert words in results[1].detail


@pytest.mark.parametrize("taken", [ComprehensiveSRStorage, EnhancedSRStorage])
def test_an_older_archive_gets_an_older_report(tmp_path: Path, taken: str) -> None:
    report, picture = make_sr(), make_sc()
    with running_standin(tmp_path, sop_classes=[SecondaryCaptureImageStorage, taken]) as (pacs, port):
        results = scu.store(destination_at(port), OURS, [picture, report], QUICK)
        again = scu.store(destination_at(port), OURS, [report], QUICK)
        stored = pacs.objects()
    assert [result.status for result in results] == [0, 0]
    assert results[1].sop_class_uid == taken
    assert results[1].sop_instance_uid == fallback_uid(report.sop_instance_uid, taken)
    assert again == results[1:]
    sent = split_bytes(restamp(report, taken).encoded)[1]
    assert split_bytes(stored[results[1].sop_instance_uid].read_bytes())[1] == sent
    assert len(stored) == 2


def test_the_newest_class_that_is_taken_is_used(tmp_path: Path) -> None:
    report = make_sr()
    with running_standin(tmp_path) as (_, port):
        (result,) = scu.store(destination_at(port), OURS, [report], QUICK)
    assert (result.sop_class_uid, result.sop_instance_uid) == (Comprehensive3DSRStorage, report.sop_instance_uid)


@pytest.mark.parametrize("sop_classes", [[SecondaryCaptureImageStorage], [MRImageStorage]])
def test_what_is_not_taken_at_all_is_permanent(tmp_path: Path, sop_classes: list[str]) -> None:
    """With another context accepted, and with none."""
    with running_standin(tmp_path, sop_classes=sop_classes) as (_, port):
        objects = [make_sr()] if MRImageStorage in sop_classes else [make_sr(), make_sc()]
        result = scu.store(destination_at(port), OURS, objects, QUICK)[0]
    assert result.status is None
    assert result.permanent
    assert result.detail.startswith("no presentation context")
    assert result.sop_instance_uid == objects[0].sop_instance_uid


def test_a_report_that_cannot_be_older_is_not_sent_as_one(tmp_path: Path) -> None:
    with running_standin(tmp_path, sop_classes=[ComprehensiveSRStorage]) as (pacs, port):
        (result,) = scu.store(destination_at(port), OURS, [make_sr(text_item("", "SCOORD3D"))], QUICK)
        assert result.permanent
        assert pacs.objects() == {}


@pytest.mark.parametrize(
    ("rejection", "words"),
    [((1, 1, 3), "Calling AE title not recognised"), ((2, 3, 2), "Local limit exceeded")],
)
def test_a_rejected_association_raises(tmp_path: Path, rejection: tuple[int, int, int], words: str) -> None:
    with (
        running_standin(tmp_path, Script(rejection=rejection)) as (_, port),
        pytest.raises(DestinationUnavailable, match=words),
    ):
        scu.store(destination_at(port), OURS, [make_sc()], QUICK)


def test_a_dead_port_raises() -> None:
    with pytest.raises(DestinationUnavailable, match="refused"):
        scu.store(destination_at(dead_port()), OURS, [make_sc()], QUICK)


def test_an_unknown_host_raises() -> None:
    destination = destination_at(104, address="does-not-exist.invalid")
    with pytest.raises(DestinationUnavailable, match=r"does-not-exist\.invalid"):
        scu.store(destination, OURS, [make_sc()], QUICK)


def test_a_silent_server_raises() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        destination = destination_at(silent.getsockname()[1])
        with pytest.raises(DestinationUnavailable, match="did not answer"):
            scu.store(destination, OURS, [make_sc()], Timeouts(acse=0.5, dimse=1, network=1, connect=1))


def test_an_abort_in_the_middle_keeps_what_was_answered(tmp_path: Path) -> None:
    objects = [make_sc() for _ in range(4)]
    with running_standin(tmp_path, Script(abort_after=2)) as (pacs, port):
        results = scu.store(destination_at(port), OURS, objects, QUICK)
        assert len(pacs.objects()) == 2
    assert [result.status for result in results] == [0, 0, None, None]
    assert not any(result.permanent for result in results)
    assert results[2].detail == "no response"
    assert results[3].detail.startswith("not sent")


def test_nothing_to_send_needs_no_association() -> None:
    assert scu.store(destination_at(dead_port()), OURS, [], QUICK) == []


def test_threads_end(tmp_path: Path) -> None:
    with running_standin(tmp_path) as (_, port):
        before = threading.active_count()
        for _ in range(5):
            scu.store(destination_at(port), OURS, [make_sc()], QUICK)
        assert threading.active_count() <= before + 2  # the last association's, ending


def test_files_are_sent_as_they_are(tmp_path: Path) -> None:
    good, strange, text = tmp_path / "good.dcm", tmp_path / "mr.dcm", tmp_path / "notes.txt"
    good.write_bytes(encoded(make_dataset()))
    strange.write_bytes(encoded(make_dataset(MRImageStorage)))
    text.write_text("no image")
    missing = tmp_path / "missing.dcm"
    with running_standin(tmp_path) as (pacs, port):
        found = scu.send_files([text, good, strange, missing], destination_at(port), OURS, QUICK)
        results = {result.path: result for result in found}
        (stored,) = pacs.objects().values()
    assert results[good].stored
    assert split_bytes(stored.read_bytes())[1] == split_bytes(good.read_bytes())[1]
    assert results[strange].detail == "no presentation context accepted for MR Image Storage"
    assert "not a PS3.10 file" in results[text].detail
    assert results[missing].detail
    assert [result.stored for result in results.values()].count(True) == 1


def test_files_of_which_none_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "mr.dcm"
    path.write_bytes(encoded(make_dataset(MRImageStorage)))
    with running_standin(tmp_path) as (_, port):
        (result,) = scu.send_files([path], destination_at(port), OURS, QUICK)
    assert not result.stored
    assert "no presentation context" in result.detail


def test_files_to_nobody_raise(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(encoded(make_dataset()))
    with pytest.raises(DestinationUnavailable):
        list(scu.send_files([path], destination_at(dead_port()), OURS, QUICK))


@pytest.mark.real_data
def test_real_files_reach_our_listener_byte_for_byte(tmp_path: Path, real_data: Path) -> None:
    ledger = FakeLedger()
    folders = [real_data / "dicom_samples" / "crdx", real_data / "dicom_samples" / "ct_by_transfer_syntax"]
    paths = sorted(path for folder in folders for path in folder.iterdir())
    with running_listener(tmp_path / "spool", ledger) as node:
        destination = destination_at(node.port, "OPPORTUNE")
        results = {result.path: result for result in scu.send_files(paths, destination, "MODALITY", QUICK)}
        spooled = {row["sop_instance_uid"]: node.spool.path(row["spool_name"]) for row in ledger.registered}
        sent: dict[str, bytes] = {}
        for path in paths:
            try:
                meta, data_set = split_bytes(path.read_bytes())
            except BadHeader:
                assert not results[path].stored
                continue
            uid = str(meta.MediaStorageSOPInstanceUID)
            takes = meta.MediaStorageSOPClassUID in RECEIVED_SOP_CLASSES
            takes = takes and meta.TransferSyntaxUID in RECEIVED_TRANSFER_SYNTAXES and is_uid(uid)
            assert results[path].stored == takes, f"{path.name}: {results[path].detail}"
            if takes:
                sent[uid] = data_set  # of several under one UID the last one is compared, as in spooled
        assert {uid: split_bytes(path.read_bytes())[1] for uid, path in spooled.items()} == sent
    assert len(sent) >= 20
