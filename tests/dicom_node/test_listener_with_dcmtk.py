"""DCMTK's programs against our listener: the bytes that arrive are the bytes that were sent."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.tag import BaseTag

from dicom_node.contexts import RECEIVED_SOP_CLASSES, RECEIVED_TRANSFER_SYNTAXES
from tests.dicom_node.network import FakeLedger, Running, encoded, make_dataset, running_listener, wait_until
from tests.servers.dcmtk import dcmtk

pytestmark = pytest.mark.dcmtk

# storescu's option for each transfer syntax; what it has no option for cannot be sent by it
OPTIONS = {
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.5": "-xr",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.81": "-xu",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
}


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def node(tmp_path: Path, ledger: FakeLedger) -> Iterator[Running]:
    with running_listener(tmp_path / "spool", ledger) as running:
        yield running


def _run(program: str, node: Running, *arguments: str, calling: str = "MODALITY", called: str = "OPPORTUNE") -> str:
    """Output of the program; its exit status is in the last line."""
    command = [dcmtk(program), "-aet", calling, "-aec", called, *arguments[:-1], "127.0.0.1", str(node.port)]
    command += arguments[-1:] if arguments else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return f"{done.stdout}{done.stderr}\nexit {done.returncode}"


def _values(ds: Dataset) -> dict[BaseTag, Any]:
    """Values by tag, without what DCMTK drops or counts anew: group lengths and trailing padding."""
    return {e.tag: e.value for e in ds if e.tag.element != 0 and e.keyword != "DataSetTrailingPadding"}


def _real_images(real_data: Path) -> list[Path]:
    folders = [real_data / "dicom_samples" / "crdx", real_data / "dicom_samples" / "ct_by_transfer_syntax"]
    return sorted(path for folder in folders for path in folder.iterdir())


def test_echo(node: Running, ledger: FakeLedger) -> None:
    assert _run("echoscu", node).endswith("exit 0")
    wait_until(lambda: ledger.closed == {1: "released"})


@pytest.mark.parametrize(
    ("calling", "called", "reason"),
    [
        ("STRANGER", "OPPORTUNE", "Calling AE Title Not Recognized"),
        ("MODALITY", "ANY-SCP", "Called AE Title Not Recognized"),
    ],
)
def test_refusal_is_understood(node: Running, ledger: FakeLedger, calling: str, called: str, reason: str) -> None:
    said = _run("echoscu", node, calling=calling, called=called)
    assert reason in said
    assert not said.endswith("exit 0")
    wait_until(lambda: ledger.refused_associations)


@pytest.mark.real_data
def test_real_images_arrive_as_they_were_sent(node: Running, ledger: FakeLedger, real_data: Path) -> None:
    sent: set[str] = set()
    seen: set[str] = set()
    for path in _real_images(real_data):
        theirs = dcmread(path)
        syntax, sop_class = str(theirs.file_meta.TransferSyntaxUID), str(theirs.SOPClassUID)
        uid = str(theirs.SOPInstanceUID)
        if syntax not in OPTIONS or sop_class not in RECEIVED_SOP_CLASSES or uid in sent:
            continue
        said = _run("storescu", node, OPTIONS[syntax], str(path))
        assert said.endswith("exit 0"), f"{path.name}: {said}"
        sent.add(uid)
        row = ledger.registered[-1]
        assert row["sop_instance_uid"] == uid
        assert row["transfer_syntax_uid"] == syntax, path.name
        assert _values(dcmread(node.spool.path(row["spool_name"]))) == _values(theirs), (
            f"{path.name} decodes to another data set"
        )
        seen.add(syntax)
    assert len(sent) >= 15
    # the file in implicit VR has a UID that is none, and the one in JPEG extended shares another's
    assert seen >= set(OPTIONS) & set(RECEIVED_TRANSFER_SYNTAXES) - {"1.2.840.10008.1.2", "1.2.840.10008.1.2.4.51"}


@pytest.mark.real_data
def test_big_endian_never_arrives(node: Running, ledger: FakeLedger, real_data: Path) -> None:
    """DCMTK offers all uncompressed syntaxes, big endian first; we choose one of ours, and it converts."""
    folder = real_data / "dicom_samples" / "ct_by_transfer_syntax"
    (path,) = folder.glob("dicomParser__CT1_UNC.explicit_big_endian*")
    assert _run("storescu", node, "-xb", str(path)).endswith("exit 0")
    (row,) = ledger.registered
    assert row["transfer_syntax_uid"] == "1.2.840.10008.1.2.1"
    stored, source = dcmread(node.spool.path(row["spool_name"])), dcmread(path)
    assert (stored.pixel_array == source.pixel_array).all()


def test_implicit_vr(node: Running, ledger: FakeLedger, tmp_path: Path) -> None:
    path, ds = tmp_path / "cr.dcm", make_dataset()
    path.write_bytes(encoded(ds))
    assert _run("storescu", node, "-xi", str(path)).endswith("exit 0")
    (row,) = ledger.registered
    assert row["transfer_syntax_uid"] == "1.2.840.10008.1.2"
    assert _values(dcmread(node.spool.path(row["spool_name"]))) == _values(ds)


def test_odd_uids_do_not_leave_the_spool(node: Running, ledger: FakeLedger, tmp_path: Path) -> None:
    path = tmp_path / "odd.dcm"
    ds = make_dataset()
    path.write_bytes(
        encoded(ds).replace(str(ds.SOPInstanceUID).encode(), b"../../etc/passwd".ljust(len(ds.SOPInstanceUID), b"x"))
    )
    before = sorted(tmp_path.rglob("*"))
    assert "0x0117" in _run("storescu", node, "-v", str(path)) or not ledger.registered
    assert sorted(tmp_path.rglob("*")) == before
    assert ledger.registered == []
