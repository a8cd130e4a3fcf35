"""The main job on real input: radiographs in by DCMTK's storescu, SR and SC back in Orthanc, every step a row."""

import subprocess
from pathlib import Path

import pydicom
import pytest

from tests.acceptance.conftest import MODES, MakeNode
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.objects import complaints, results_of
from tests.dicom_node.test_listener_with_dcmtk import OPTIONS
from tests.servers.dcmtk import dcmtk
from tests.servers.orthanc import Orthanc

pytestmark = [
    pytest.mark.orthanc, pytest.mark.dcmtk, pytest.mark.validators, pytest.mark.real_data, pytest.mark.slow,
]  # fmt: skip


def storescu(node: NodeUnderTest, path: Path) -> None:
    """Send a file with DCMTK, in the transfer syntax that it has."""
    program = dcmtk("storescu")
    syntax = str(pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID)
    done = subprocess.run(
        [program, "-R", OPTIONS[syntax], "-aet", "SENDER", "-aec", node.ae_title,
         "127.0.0.1", str(node.port), str(path)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_every_radiograph_ends_as_reported_or_with_a_true_reason(
    mode: str, make_node: MakeNode, orthanc: Orthanc, real_data: Path, tmp_path: Path
) -> None:
    node = make_node(mode)
    node.start()
    files = sorted((real_data / "dicom_samples" / "crdx").iterdir())
    for path in files:
        storescu(node, path)
    wait_for("results", lambda: node.settled(received=len(files)), 180)
    counts = node.counts()
    assert counts["instances"]["indexed"] + counts["instances"]["conflict"] == len(files)
    assert counts["jobs"]["quarantined"] == 0
    described = node.studies()
    results = results_of(orthanc)
    for ds in results:
        assert complaints(ds, tmp_path) == []
    for study in described:
        stored = {str(ds.Modality) for ds in results if ds.StudyInstanceUID == study["study_instance_uid"]}
        assert stored in (set(), {"SR", "OT"})
        decision = next(row for row in study["selections"] if row["kind"] == "decision")
        assert decision["reason"]
        assert (decision["code"] == "eligible") == (stored == {"SR", "OT"})
    assert sum(counts["jobs"].values()) >= 1
