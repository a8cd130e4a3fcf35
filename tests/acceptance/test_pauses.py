"""Each part of a node stops within seconds, stays stopped over a restart, and goes on, with nothing lost on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import processes
from tests.acceptance.conftest import MODES, MakeNode
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.objects import reports_per_study
from tests.acceptance.sending import answers_echo, send
from tests.servers.orthanc import Orthanc
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.slow]

OUT_OF_RESOURCES = 0xA700  # PS3.4 B.2.3
SOON = 15  # seconds: a pause has its effect in about 5, but for a machine that does other things too


@pytest.fixture(scope="module")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("radiographs")
    SIMULATORS["cap_mortality_cxr"](folder, 3, 23, lambda: None)
    return sorted(folder.rglob("*.dcm"))


@pytest.fixture(params=MODES)
def node(request: pytest.FixtureRequest, make_node: MakeNode) -> Iterator[NodeUnderTest]:
    node = make_node(request.param)
    node.start()
    yield node
    node.stop()


def _command(node: NodeUnderTest, *arguments: str) -> None:
    done = node.run(*arguments)
    assert done.returncode == 0, done.stderr


def _pause(node: NodeUnderTest, part: str) -> None:
    _command(node, "pause", part, "--why", "maintenance")


def _jobs(node: NodeUnderTest, state: str) -> int:
    return int(node.counts()["jobs"][state])


def _works(node: NodeUnderTest) -> bool:
    """Whether a worker has loaded what it needs."""
    with node.session() as session:
        return any(item.alive and item.role in ("worker", "serve") for item in processes.known(session))


def _stored(orthanc: Orthanc) -> int:
    return reports_per_study(orthanc).total()


def test_intake(node: NodeUnderTest, radiographs: list[Path]) -> None:
    _pause(node, "intake")
    wait_for("a refusal", lambda: send(node, radiographs[:1])[0].status == OUT_OF_RESOURCES, SOON)
    assert answers_echo(node)
    taken = sum(node.counts()["instances"].values())  # what came before the listener had looked
    node.stop()
    node.start()
    assert [result.status for result in send(node, radiographs)] == [OUT_OF_RESOURCES] * 3
    assert answers_echo(node)
    counts = node.counts()
    assert sum(counts["instances"].values()) == taken
    assert counts["pauses"]["intake"]["why"] == "maintenance"
    _command(node, "resume", "intake")
    wait_for("a reception", lambda: send(node, radiographs[:1])[0].status == 0, SOON)
    assert [result.status for result in send(node, radiographs)] == [0, 0, 0]
    wait_for("three studies", lambda: node.settled(received=4 + taken), 150)
    assert node.counts()["instances"]["indexed"] == 3
    assert _jobs(node, "inferred") == 3


def test_screening_and_delivery(node: NodeUnderTest, orthanc: Orthanc, radiographs: list[Path]) -> None:
    _pause(node, "screening")
    for number, path in enumerate(radiographs, 1):  # the last comes rounds of the reconciler after the first
        assert send(node, [path])[0].status == 0
        wait_for("a job", lambda: _jobs(node, "ready") == number, 60)  # noqa: B023 (asked at once)
    node.stop()
    node.start()
    wait_for("a worker", lambda: _works(node), 120)
    _pause(node, "delivery")
    events = [event["to"] for study in node.studies() for job in study["jobs"] for event in job["events"]]
    assert events == ["ready"] * 3
    _command(node, "resume", "screening")
    wait_for("a claim", lambda: _jobs(node, "ready") < 3, SOON)
    wait_for("results", lambda: _jobs(node, "inferred") == 3, 150)
    assert {job["attempt"] for study in node.studies() for job in study["jobs"]} == {1}
    states = node.counts()["deliveries"]["pacs"]
    assert {state for state, number in states.items() if number} == {"pending"}
    assert _stored(orthanc) == 0
    _command(node, "resume", "delivery")
    wait_for("a sender", lambda: node.counts()["deliveries"]["pacs"] != states, SOON)
    wait_for("everything", lambda: node.settled(received=3), 60)
    assert set(reports_per_study(orthanc).values()) == {1}
    assert _stored(orthanc) == 3
