"""Nodes of both kinds, each with an Orthanc for its PACS."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.node import NodeUnderTest
from tests.servers.orthanc import Orthanc

MODES = (
    pytest.param("embedded", id="embedded"),
    pytest.param("production", id="production", marks=[pytest.mark.postgres, pytest.mark.redis]),
)

MakeNode = Callable[..., NodeUnderTest]


@pytest.fixture
def make_node(request: pytest.FixtureRequest, tmp_path: Path, orthanc: Orthanc) -> Iterator[MakeNode]:
    """Make a node that sends to Orthanc; mode "production" has Postgres and Redis and a process for each role."""
    made: list[NodeUnderTest] = []

    def make(mode: str = "embedded", **changes: Any) -> NodeUnderTest:
        if mode == "production":
            changes["database_url"] = request.getfixturevalue("postgres_url")
            changes["broker_url"] = request.getfixturevalue("redis_server").url
        destination = (orthanc.destination.ae_title, orthanc.destination.port)
        node = NodeUnderTest(folder=tmp_path / f"node{len(made)}", destination=destination, **changes)
        orthanc.add_modality(f"node{len(made)}", node.ae_title, node.port)
        made.append(node)
        return node

    yield make
    for node in made:
        node.stop()
