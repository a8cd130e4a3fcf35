"""Losing the broker costs time, never work."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import MakeNode
from tests.acceptance.node import wait_for
from tests.acceptance.objects import reports_per_study
from tests.acceptance.sending import send
from tests.servers.orthanc import Orthanc
from tests.servers.redis import RedisServer
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow]

STUDIES = 5


def test_a_wiped_broker_loses_no_job(
    make_node: MakeNode, orthanc: Orthanc, redis_server: RedisServer, tmp_path: Path
) -> None:
    node = make_node("production")
    node.start("listener", "reconciler")
    SIMULATORS["cap_mortality_cxr"](tmp_path / "studies", STUDIES, 11, lambda: None)
    assert all(result.stored for result in send(node, (tmp_path / "studies").rglob("*.dcm")))
    with redis_server.client() as client:
        wait_for("messages in the broker", lambda: client.llen("screen") == STUDIES, 60)
        client.flushall()
        assert client.llen("screen") == 0
    assert node.counts()["jobs"]["ready"] == STUDIES
    node.start("worker", "delivery")
    wait_for("every job done", lambda: node.settled(received=STUDIES), 120)
    assert node.counts()["jobs"]["inferred"] == STUDIES
    assert set(reports_per_study(orthanc).values()) == {1}
    assert reports_per_study(orthanc).total() == STUDIES
