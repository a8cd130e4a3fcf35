"""The sender against our own listener."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage

from benchmarks.receive.sender import CALLED, CALLING, Association, load
from benchmarks.receive.workloads import Workload, write
from tests.dicom_node.network import FakeLedger, running_listener

SMALL = Workload(name="S", what="small ones", instances=5, rows=300, columns=300, associations=2)


@pytest.mark.parametrize("alone", [False, True])
def test_everything_is_sent_and_told(alone: bool, tmp_path: Path) -> None:
    folders = write(SMALL, tmp_path / "images")
    ledger = FakeLedger()
    with running_listener(tmp_path / "spool", ledger, peers=[(CALLING, "127.0.0.1")], ae_title=CALLED) as node:
        command = [sys.executable, "-m", "benchmarks.receive.sender", str(node.port), *map(str, folders)]
        done = subprocess.run([*command, "--alone"] if alone else command, capture_output=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    assert (told["failed"], len(told["milliseconds"])) == ([], 5)
    assert told["seconds"] > 0
    assert len(ledger.registered) == 5
    assert len(ledger.opened) == (5 if alone else 2)
    sent = sorted(bytes(image.data_set) for folder in folders for image in load(folder))
    kept = sorted(path.read_bytes() for path in node.files())
    assert all(any(one.endswith(data_set) for one in kept) for data_set in sent)


def test_a_refusal_is_told(tmp_path: Path) -> None:
    (folder, _) = write(SMALL, tmp_path / "images")
    ledger = FakeLedger()
    with running_listener(tmp_path / "spool", ledger, peers=[(CALLING, "127.0.0.1")], ae_title=CALLED) as node:
        association = Association(node.port, CTImageStorage)
        ledger.down = True
        assert association.store(load(folder)[0], 1) == 0xA700
        ledger.down = False
        association.release()


def test_who_is_not_accepted_is_told(tmp_path: Path) -> None:
    with (
        running_listener(tmp_path, FakeLedger(), peers=[("OTHER", "127.0.0.1")], ae_title=CALLED) as node,
        pytest.raises(RuntimeError, match="not accepted"),
    ):
        Association(node.port, CTImageStorage)
