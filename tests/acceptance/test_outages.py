"""While the database or the disk is out, C-STORE answers 0xA700, C-ECHO goes on, and nothing acknowledged is lost."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import MakeNode
from tests.acceptance.node import wait_for
from tests.acceptance.objects import reports_per_study
from tests.acceptance.sending import answers_echo, send
from tests.servers.orthanc import Orthanc
from tests.servers.postgres import running_postgres
from tests.servers.redis import RedisServer
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.slow]

OUT_OF_RESOURCES = 0xA700  # PS3.4 B.2.3


@pytest.fixture(scope="module")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("radiographs")
    SIMULATORS["cap_mortality_cxr"](folder, 2, 17, lambda: None)
    return sorted(folder.rglob("*.dcm"))


@pytest.mark.postgres
@pytest.mark.redis
def test_a_database_that_is_down(
    make_node: MakeNode, orthanc: Orthanc, redis_server: RedisServer, radiographs: list[Path]
) -> None:
    first, second = radiographs
    with running_postgres() as postgres:
        node = make_node(database_url=postgres.database(), broker_url=redis_server.url)
        node.start()
        (before,) = send(node, [first])
        assert before.status == 0
        postgres.stop("immediate")
        (during,) = send(node, [second])
        assert during.status == OUT_OF_RESOURCES
        assert answers_echo(node)
        node.kill("worker")
        node.start("worker")  # a role that starts now waits
        wait_for("a worker that waits", lambda: "waiting for the database" in node.logs(), 60)
        postgres.start()
        (after,) = send(node, [second])
        assert after.status == 0
        wait_for("both studies", lambda: node.settled(received=2), 150)
        assert node.counts()["instances"]["indexed"] == 2
        assert set(reports_per_study(orthanc).values()) == {1}
        assert reports_per_study(orthanc).total() == 2
        node.stop()


def test_a_disk_below_its_watermark(make_node: MakeNode, radiographs: list[Path]) -> None:
    node = make_node()
    settings = node.folder / "opportune.toml"
    roomy = settings.read_text(encoding="utf-8")
    settings.write_text(roomy.replace("minimum_free_mb = 64", f"minimum_free_mb = {2**40}"), encoding="utf-8")
    node.start()
    (refused,) = send(node, radiographs[:1])
    assert refused.status == OUT_OF_RESOURCES
    assert answers_echo(node)
    assert not [path for path in (node.folder / "opportune-data" / "spool").glob("?/?/*") if path.is_file()]
    counts = node.counts()
    assert sum(counts["instances"].values()) == 0
    assert counts["refused_by_status"] == {"0xA700": 1}
    node.stop()
    settings.write_text(roomy, encoding="utf-8")
    node.start()
    (taken,) = send(node, radiographs[:1])
    assert taken.status == 0
