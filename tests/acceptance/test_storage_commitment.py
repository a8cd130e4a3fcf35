"""Orthanc commits to our objects: N-ACTION out, N-EVENT-REPORT in to the node's own listener."""

from pathlib import Path

import pytest

from db import events
from tests.acceptance.conftest import MODES, MakeNode
from tests.acceptance.node import wait_for
from tests.acceptance.sending import send
from tests.servers.orthanc import Orthanc
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.slow]


@pytest.mark.parametrize("mode", MODES)
def test_every_object_is_committed_by_report(mode: str, make_node: MakeNode, orthanc: Orthanc, tmp_path: Path) -> None:
    SIMULATORS["cap_mortality_cxr"](tmp_path / "studies", 1, 13, lambda: None)
    node = make_node(mode, commitment="storage-commitment")
    node.start()
    assert all(result.stored for result in send(node, (tmp_path / "studies").rglob("*.dcm")))
    wait_for("commitment", lambda: node.settled(received=1), 120)
    (study,) = node.studies()
    (job,) = study["jobs"]
    assert {item["state"] for item in job["deliveries"]} == {"committed"}
    with node.session() as session:
        details = [event.detail for event in events.of_job(session, job["job_id"]) if event.to_state == "committed"]
    assert details == ["storage commitment"] * len(job["deliveries"])
