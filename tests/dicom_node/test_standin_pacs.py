"""The stand-in behaves like an archive."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import SecondaryCaptureImageStorage
from pynetdicom import build_context

from dicom_node import scu
from dicom_node.standin_pacs import Script, StandinPacs
from screening.reports import ObjectKind
from tests.dicom_node.network import (
    QUICK,
    as_report,
    dead_port,
    destination_at,
    make_dataset,
    make_sc,
    requesting,
    running_standin,
    set_uid,
)

SC = build_context(SecondaryCaptureImageStorage, "1.2.840.10008.1.2.1")


def test_objects_are_kept_by_uid(tmp_path: Path) -> None:
    report = make_sc()
    with running_standin(tmp_path) as (pacs, port):
        assert pacs.objects() == {}
        scu.store(destination_at(port), "US", [report, report], QUICK)
        (path,) = pacs.objects().values()
        assert dcmread(path).SOPInstanceUID == report.sop_instance_uid


def test_a_new_one_in_the_same_folder_has_what_the_old_one_had(tmp_path: Path) -> None:
    report = make_sc()
    with running_standin(tmp_path) as (_, port):
        scu.store(destination_at(port), "US", [report], QUICK)
    with running_standin(tmp_path) as (pacs, _):
        assert list(pacs.objects()) == [report.sop_instance_uid]


def test_odd_uids_do_not_leave_the_folder(tmp_path: Path) -> None:
    odd = set_uid(make_dataset(SecondaryCaptureImageStorage), "SOPInstanceUID", "../outside")
    with running_standin(tmp_path) as (_, port), requesting(port, [SC], called="STANDIN") as association:
        assert association.send_c_store(odd).Status == 0x0117
    assert not list(tmp_path.rglob("*.dcm"))


@pytest.mark.parametrize(("status", "kept"), [(0, True), (0xB007, True), (0xA700, False), (0xC123, False)])
def test_statuses_come_in_the_order_of_the_script(tmp_path: Path, status: int, kept: bool) -> None:
    with running_standin(tmp_path, Script(statuses=[status])) as (pacs, port):
        first, second = scu.store(destination_at(port), "US", [make_sc(), make_sc()], QUICK)
        assert (first.status, second.status) == (status, 0)
        assert len(pacs.objects()) == 1 + kept


def test_a_liar_keeps_nothing(tmp_path: Path) -> None:
    with running_standin(tmp_path, Script(lose=True)) as (pacs, port):
        assert [result.status for result in scu.store(destination_at(port), "US", [make_sc()], QUICK)] == [0]
        assert pacs.objects() == {}


def test_a_port_that_was_asked_for(tmp_path: Path) -> None:
    pacs, port = StandinPacs(tmp_path), dead_port()
    assert pacs.start(port=port) == port
    pacs.stop()
    pacs.stop()
    assert not scu.echo(destination_at(port), "US", QUICK).ok


def test_files_are_whole(tmp_path: Path) -> None:
    ds = make_dataset(SecondaryCaptureImageStorage)
    with running_standin(tmp_path) as (pacs, port):
        scu.store(destination_at(port), "US", [as_report(ds, ObjectKind.SC)], QUICK)
        (path,) = pacs.objects().values()
        assert dcmread(path) == ds
