"""The listener over real sockets."""

from pathlib import Path

from pydicom import dcmread
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from tests.dicom_node.network import FakeLedger, make_dataset, requesting, running_listener, wait_until

CR = build_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
ECHO = build_context(Verification, ExplicitVRLittleEndian)


def test_echo_and_store(tmp_path: Path) -> None:
    ledger = FakeLedger()
    ds = make_dataset()
    with running_listener(tmp_path / "spool", ledger) as node:
        with requesting(node.port, [ECHO, CR]) as association:
            assert association.send_c_echo().Status == 0
            assert association.send_c_store(ds).Status == 0
            row = ledger.registered[0]
            assert row["sop_instance_uid"] == ds.SOPInstanceUID
            stored = dcmread(node.spool.path(row["spool_name"]))
            assert stored == ds
            assert node.bells == [1]
        wait_until(lambda: ledger.closed == {1: "released"})
