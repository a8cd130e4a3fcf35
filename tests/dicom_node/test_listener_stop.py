"""The end of a listener whose peers do not play along."""

import socket
import time
from pathlib import Path

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from dicom_node.identity import Timeouts
from dicom_node.limits import Limits
from tests.dicom_node.network import FakeLedger, requesting, running_listener, wait_until


def test_stop_waits_for_nobody_that_stalls(tmp_path: Path) -> None:
    ledger = FakeLedger()
    patient = Timeouts(acse=300, dimse=300, network=300, connect=5)
    with running_listener(tmp_path / "spool", ledger, timeouts=patient, limits=Limits(pdu_seconds=300)) as node:
        stalled = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(5)]
        for connection in stalled:
            connection.sendall(b"\x01\0")
        with requesting(node.port, [build_context(Verification, ExplicitVRLittleEndian)]):
            wait_until(lambda: ledger.opened)
            begun = time.monotonic()
            node.listener.stop()
            assert time.monotonic() - begun < 60
            assert ledger.closed == {1: "aborted"}
        for connection in stalled:
            connection.close()
