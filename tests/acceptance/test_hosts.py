"""Workers on other hosts: what they need is the database, the broker and the spool, wherever it is mounted."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from db.tables import JobEventRow
from tests.acceptance.conftest import MakeNode
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.sending import send
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow]

STUDIES = 4


@pytest.fixture(scope="module")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("radiographs")
    SIMULATORS["cap_mortality_cxr"](folder, STUDIES, 11, lambda: None)
    return sorted(folder.rglob("*.dcm"))


def _spool(node: NodeUnderTest) -> Path:
    return node.folder / "opportune-data" / "spool"


def _mount(there: NodeUnderTest, spool: Path) -> None:
    """As if a network file system were mounted at the other host's own place."""
    shutil.rmtree(_spool(there), ignore_errors=True)
    _spool(there).parent.mkdir(parents=True, exist_ok=True)
    _spool(there).symlink_to(spool)


def _claims(node: NodeUnderTest) -> list[tuple[int, str | None]]:
    with node.session() as session:
        rows = session.execute(
            select(JobEventRow.job_id, JobEventRow.owner).where(JobEventRow.to_state == "claimed")
        ).all()
    return [(row.job_id, row.owner) for row in rows]


def test_a_worker_elsewhere_works_as_soon_as_it_sees_the_spool(make_node: MakeNode, radiographs: list[Path]) -> None:
    node, elsewhere = make_node("production"), make_node("production")
    node.start("listener", "reconciler", "delivery")
    elsewhere.start("worker")
    assert all(result.stored for result in send(node, radiographs))
    wait_for("jobs", lambda: node.counts()["jobs"]["ready"] == STUDIES, 60)
    wait_for("the worker's complaint", lambda: "mount that one here" in elsewhere.logs(), 60)
    assert _claims(node) == [], "it took a job whose files it cannot see"
    _mount(elsewhere, _spool(node))
    wait_for("every job finished", lambda: node.settled(received=STUDIES), 90)
    assert node.counts()["jobs"]["inferred"] == STUDIES


def test_workers_of_two_hosts_share_the_queue(make_node: MakeNode, radiographs: list[Path]) -> None:
    node, elsewhere = make_node("production"), make_node("production")
    _mount(elsewhere, _spool(node))
    node.start()
    elsewhere.start("worker", "delivery")
    assert all(result.stored for result in send(node, radiographs))
    wait_for("every job finished", lambda: node.settled(received=STUDIES), 90)
    claims = _claims(node)
    assert len(claims) == STUDIES, "a job was done twice"
    assert {job for job, _ in claims} == set(range(1, STUDIES + 1))
    assert node.counts()["jobs"]["inferred"] == STUDIES
    told = {check["check"]: check["ok"] for check in elsewhere.json("doctor", "--local")}
    assert told["spool"]
