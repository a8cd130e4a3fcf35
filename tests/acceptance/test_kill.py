"""kill -9: what was acknowledged is kept, what was begun is finished within a minute, once."""

import threading
import time
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import select

from db.tables import InstanceRow, JobRow
from dicom_node import scu
from dicom_node.identity import Timeouts
from dicom_node.spool import Spool
from screening.errors import DestinationUnavailable
from tests.acceptance.conftest import MODES, MakeNode
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.objects import reports_per_study
from tests.acceptance.sending import as_destination, send
from tests.servers.orthanc import Orthanc
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.slow]

STUDIES = 6


@pytest.fixture(scope="module")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("radiographs")
    SIMULATORS["cap_mortality_cxr"](folder, STUDIES, 7, lambda: None)
    return sorted(folder.rglob("*.dcm"))


@pytest.mark.parametrize("mode", MODES)
def test_a_worker_killed_in_mid_job(mode: str, make_node: MakeNode, orthanc: Orthanc, radiographs: list[Path]) -> None:
    node = make_node(mode)
    node.start()
    assert all(result.stored for result in send(node, radiographs))
    worker = "serve" if mode == "embedded" else "worker"
    wait_for("a job in work", lambda: node.counts()["jobs"]["claimed"] >= 1, 60)
    node.kill(worker)
    assert node.counts()["jobs"]["inferred"] < STUDIES
    restarted = time.monotonic()
    node.start(worker)
    wait_for("every job finished", lambda: node.settled(received=STUDIES), 60)
    assert time.monotonic() - restarted <= 60
    assert reports_per_study(orthanc).total() == STUDIES
    assert set(reports_per_study(orthanc).values()) == {1}


@pytest.mark.parametrize("mode", MODES)
def test_a_worker_killed_with_several_jobs_in_work(
    mode: str, make_node: MakeNode, orthanc: Orthanc, radiographs: list[Path]
) -> None:
    node = make_node(mode, batch_size=4)
    node.start()
    assert all(result.stored for result in send(node, radiographs))
    worker = "serve" if mode == "embedded" else "worker"
    wait_for("several jobs in work", lambda: node.counts()["jobs"]["claimed"] >= 2, 60)
    node.kill(worker)
    node.start(worker)
    wait_for("every job finished", lambda: node.settled(received=STUDIES), 60)
    with node.session() as session:
        attempts = session.scalars(select(JobRow.attempt)).all()
    assert len(attempts) == STUDIES
    assert max(attempts) == 2
    assert reports_per_study(orthanc).total() == STUDIES
    assert set(reports_per_study(orthanc).values()) == {1}


@pytest.mark.parametrize("mode", MODES)
def test_a_listener_killed_in_mid_association(
    mode: str, make_node: MakeNode, orthanc: Orthanc, radiographs: list[Path]
) -> None:
    node = make_node(mode)
    node.start()
    acknowledged: dict[Path, bool] = {}

    def sender() -> None:
        try:
            for result in scu.send_files(radiographs * 50, as_destination(node), "SENDER", Timeouts(acse=5, dimse=5)):
                acknowledged[result.path] = acknowledged.get(result.path, False) or result.stored
        except DestinationUnavailable:
            return

    thread = threading.Thread(target=sender)
    thread.start()
    wait_for("acknowledgements", lambda: sum(acknowledged.values()) >= 2, 60)
    listener = "serve" if mode == "embedded" else "listener"
    node.kill(listener)
    thread.join(60)
    node.start(listener)
    kept = _kept(node)
    assert {uid_of(path) for path, stored in acknowledged.items() if stored} <= kept
    assert all(result.stored for result in send(node, radiographs))
    wait_for("every job finished", lambda: node.settled(received=STUDIES), 60)
    assert node.counts()["associations"]["open"] == 0
    assert set(reports_per_study(orthanc).values()) == {1}
    assert reports_per_study(orthanc).total() == STUDIES


def uid_of(path: Path) -> str:
    return str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)


def _kept(node: NodeUnderTest) -> set[str]:
    """SOP Instance UIDs that have a row, and a file in the spool whose pixel data are all there."""
    spool = Spool(node.folder / "opportune-data" / "spool", minimum_free=0)
    with node.session() as session:
        rows = session.execute(select(InstanceRow.sop_instance_uid, InstanceRow.spool_name)).all()
    found = {(uid, spool.path(name)) for uid, name in rows}
    return {uid for uid, path in found if path.is_file() and len(pydicom.dcmread(path).PixelData) > 0}
