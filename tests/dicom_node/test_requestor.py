"""Associations that we request."""

import socket
from pathlib import Path
from threading import Thread

import pytest
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import build_context

from dicom_node.contexts import verification_context
from dicom_node.identity import Timeouts
from dicom_node.part10 import split_bytes
from dicom_node.requestor import AssociationFailed, associate, send_c_store
from dicom_node.standin_pacs import Script
from tests.dicom_node.network import QUICK, dead_port, destination_at, make_sc, running_standin

SC = build_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)


def test_released_at_the_end(tmp_path: Path) -> None:
    with running_standin(tmp_path) as (_, port):
        with associate(destination_at(port), "US", [verification_context()], QUICK) as association:
            assert association.send_c_echo().Status == 0
            assert association.requestor.maximum_length == 131072
        assert association.is_released


def test_aborted_when_something_is_raised(tmp_path: Path) -> None:
    with running_standin(tmp_path) as (_, port):
        with (
            pytest.raises(KeyError),
            associate(destination_at(port), "US", [verification_context()], QUICK) as association,
        ):
            raise KeyError
        assert association.is_aborted or not association.is_established


@pytest.mark.parametrize(
    ("script", "stage"),
    [(Script(rejection=(2, 3, 1)), "rejected"), (None, "context")],
)
def test_stages(tmp_path: Path, script: Script | None, stage: str) -> None:
    with (
        running_standin(tmp_path, script, sop_classes=["1.2.3.4"]) as (_, port),
        pytest.raises(AssociationFailed) as caught,
        associate(destination_at(port), "US", [SC], QUICK),
    ):
        pass
    assert caught.value.stage == stage
    assert "STANDIN at 127.0.0.1" in caught.value.detail


def test_a_peer_that_rejects_and_closes_at_once_is_heard() -> None:
    """pynetdicom's own account of this race is "aborted", about once in twenty on a busy machine."""
    server = socket.create_server(("127.0.0.1", 0))
    tries = 100

    def reject() -> None:
        for _ in range(tries):
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as stream:
                header = stream.read(6)
                stream.read(int.from_bytes(header[2:], "big"))
                connection.sendall(bytes([3, 0, 0, 0, 0, 4, 0, 1, 1, 7]))  # A-ASSOCIATE-RJ (PS3.8 table 9-21)

    thread = Thread(target=reject)
    thread.start()
    stages = []
    for _ in range(tries):
        with (
            pytest.raises(AssociationFailed, match="Called AE title not recognised") as caught,
            associate(destination_at(server.getsockname()[1]), "US", [SC], QUICK),
        ):
            pass
        stages.append(caught.value.stage)
    thread.join()
    server.close()
    assert stages == ["rejected"] * tries


def test_no_connection() -> None:
    with pytest.raises(AssociationFailed) as caught, associate(destination_at(dead_port()), "US", [SC], QUICK):
        pass
    assert caught.value.stage == "connection"


def test_a_peer_that_hangs_up_before_it_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(4096)
            connection.close()

        thread = Thread(target=hang_up)
        thread.start()
        with (
            pytest.raises(AssociationFailed) as caught,
            associate(destination_at(server.getsockname()[1]), "US", [SC], QUICK),
        ):
            pass
        thread.join()
    assert caught.value.stage == "no answer"


def test_after_an_end_nothing_is_sent(tmp_path: Path) -> None:
    report = make_sc()
    with running_standin(tmp_path) as (pacs, port):
        with associate(destination_at(port), "US", [SC], QUICK) as association:
            context = association.accepted_contexts[0]
            association.release()
            response = send_c_store(
                association,
                context=context,
                message_id=1,
                sop_class_uid=report.sop_class_uid,
                sop_instance_uid=report.sop_instance_uid,
                data_set=split_bytes(report.encoded)[1],
            )
        assert (response.status, response.comment) == (None, "the association ended")
        assert pacs.objects() == {}


def test_a_peer_that_never_answers_a_request(tmp_path: Path) -> None:
    """The DIMSE timeout ends the association; it is restored for the next one."""
    report = make_sc()
    quick = Timeouts(acse=5, dimse=0.3, network=5, connect=5)
    with running_standin(tmp_path, Script(silent=True)) as (_, port):
        with associate(destination_at(port), "US", [SC], quick) as association:
            response = send_c_store(
                association,
                context=association.accepted_contexts[0],
                message_id=1,
                sop_class_uid=report.sop_class_uid,
                sop_instance_uid=report.sop_instance_uid,
                data_set=split_bytes(report.encoded)[1],
            )
            assert association.dimse_timeout == 0.3
        assert (response.status, response.comment) == (None, "no response")
        assert not association.is_established
