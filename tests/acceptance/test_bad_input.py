"""Bad input: each ends as a row with a reason that an admin understands, and the node goes on."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, generate_uid
from sqlalchemy import select

from db.tables import AssociationRow, InstanceRow
from tests.acceptance.conftest import MakeNode
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.objects import reports_per_study
from tests.acceptance.sending import answers_echo, send
from tests.dicom_node.network import rejection
from tests.servers.orthanc import Orthanc
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.dicom import PhantomPatient, birth_date_of, write_radiograph

pytestmark = [pytest.mark.orthanc, pytest.mark.slow]

TAKEN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a chest radiograph of a study of its own, changed as told."""
    phantom = make_phantom(31, longest_side=512, age=64)
    born = birth_date_of(phantom, TAKEN.date())
    count = 0

    def make(change: Callable[[Dataset], None] | None = None, **elements: Any) -> Path:
        nonlocal count
        count += 1
        path = tmp_path / f"{count:02d}.dcm"
        patient = PhantomPatient(patient_id="BAD1", name="Canary^Name", birth_date=born)
        study = str(generate_uid(entropy_srcs=[str(count)]))
        ds = write_radiograph(path, phantom, patient=patient, study_instance_uid=study, acquired=TAKEN)
        for keyword, value in elements.items():
            setattr(ds, keyword, value)
        if change is not None:
            change(ds)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.save_as(path, enforce_file_format=True)
        return path

    return make


def _as_broken_jpeg_2000(ds: Dataset) -> None:
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.PixelData = encapsulate([b"\xff\x4f\xff\x51" + b"\x00" * 500])
    ds["PixelData"].is_undefined_length = True


def _end(node: NodeUnderTest, path: Path) -> str:
    """What the study of a file came to: the code of the decision, or of the outcome."""
    uid = str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID)
    study = next(study for study in node.studies() if study["study_instance_uid"] == uid)
    decision = next(row for row in study["selections"] if row["kind"] == "decision")
    assert decision["reason"]
    if not study["jobs"]:
        return str(next(row["code"] for row in study["selections"] if row["kind"] == "rejected"))
    outcome = study["jobs"][-1]["outcome"]
    if outcome["kind"] == "not_evaluable":
        assert outcome["reason"]
    return str(outcome.get("code") or outcome["kind"])


def test_each_ends_as_a_row_with_a_reason(make_node: MakeNode, orthanc: Orthanc, write: Write) -> None:
    node = make_node()
    node.start()
    ends = {
        write(ViewPosition="LL"): "wrong-view",
        write(PatientBirthDate="", PatientAge=""): "age-unknown",
        write(_as_broken_jpeg_2000): "undecodable-pixel-data",
        write(lambda ds: delattr(ds, "ImagerPixelSpacing")): "findings",
        write(Rows=5000): "undecodable-pixel-data",
    }
    truncated = write()
    whole = truncated.read_bytes()
    start = whole.index(b"\x08\x00\x05\x00CS")
    truncated.write_bytes(whole[: start + 60])  # ends inside the header
    results = send(node, [*ends, truncated])
    assert all(result.stored for result in results), results
    assert answers_echo(node)
    wait_for("every end", lambda: node.settled(received=len(results)), 120)
    assert {path.name: _end(node, path) for path in ends} == {path.name: end for path, end in ends.items()}
    assert node.counts()["instances"]["unreadable"] == 1
    assert set(reports_per_study(orthanc).values()) == {1}
    assert "Canary" not in node.logs()


def test_patients_and_bytes_are_not_mixed(make_node: MakeNode, orthanc: Orthanc, write: Write) -> None:
    node = make_node()
    node.start()
    first, other_patient, other_bytes = write(), write(), write()
    ds = pydicom.dcmread(first)
    for path, change in ((other_patient, {"PatientID": "BAD2"}), (other_bytes, {"SeriesDescription": "again"})):
        other = pydicom.dcmread(first)
        for keyword, value in change.items():
            setattr(other, keyword, value)
        if path is other_patient:
            other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = UID(f"{ds.SOPInstanceUID[:50]}.9")
        other.save_as(path, enforce_file_format=True)
    assert all(result.stored for path in (first, other_bytes, other_patient) for result in send(node, [path]))
    wait_for("all indexed", lambda: node.counts()["instances"]["conflict"] == 2, 60)
    wait_for("every end", lambda: node.settled(received=3), 120)
    with node.session() as session:
        rows = session.scalars(select(InstanceRow).order_by(InstanceRow.id)).all()
        assert sorted(row.state for row in rows) == ["conflict", "conflict", "indexed"]
        assert all(row.reason for row in rows if row.state == "conflict")
    (study,) = node.studies()
    assert study["conflict"]
    assert all(report == 1 for report in reports_per_study(orthanc).values())


def test_strangers_are_refused_at_the_association(make_node: MakeNode) -> None:
    node = make_node()
    node.start()
    assert rejection(node.port, "STRANGER", node.ae_title) == (1, 1, 3)
    assert rejection(node.port, "SENDER", "ANOTHER") == (1, 1, 7)
    assert answers_echo(node)
    wait_for("two rows", lambda: node.counts()["associations"]["refused"] == 2, 30)
    with node.session() as session:
        reasons = [row.refused for row in session.scalars(select(AssociationRow).where(AssociationRow.refused != ""))]
    assert len(reasons) == 2
    assert all(reasons)


def test_a_wrong_setting_names_key_value_and_what_is_allowed(make_node: MakeNode) -> None:
    node = make_node()
    path = node.folder / "opportune.toml"
    path.write_text(path.read_text().replace(f"port = {node.port}\n", "port = 70000\n", 1), encoding="utf-8")
    done = node.run("serve")
    assert done.returncode == 2
    assert "node.port = 70000" in done.stderr
    assert "65535" in done.stderr
