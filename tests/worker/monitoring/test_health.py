"""Whether a node is ready."""

from dataclasses import replace
from typing import Any

import pytest

from db import conditions, pauses
from db.engine import make_engine, make_sessions, transaction
from db.pauses import Part
from screening.settings import Node
from worker.monitoring.health import readiness
from worker.ports import Ports

READY = {"database": True, "schema": True, "spool": True, "disk": True, "paused": {}}
SILENT = {"database": False, "schema": False, "spool": True, "disk": True}


def _ready(ports: Ports) -> dict[str, Any]:
    return readiness(ports.settings, ports.sessions)


def test_a_node_that_works_is_ready(either: Ports) -> None:
    assert _ready(either) == READY


def test_a_destination_that_is_down_is_no_reason(ports: Ports) -> None:
    with transaction(ports.sessions) as s:
        conditions.failed(s, conditions.destination("pacs"), "no answer")
    assert _ready(ports) == READY


def test_a_pause_is_told_and_no_reason(ports: Ports) -> None:
    with transaction(ports.sessions) as s:
        pauses.pause(s, Part.INTAKE, who="jane", why="for Mr Doe")
        since = pauses.known(s)[Part.INTAKE].at.isoformat(timespec="seconds")
    assert _ready(ports) == {**READY, "paused": {"intake": since}}


def test_a_spool_that_failed(ports: Ports) -> None:
    with transaction(ports.sessions) as s:
        conditions.failed(s, conditions.SPOOL, "fsync failed")
    assert _ready(ports) == {**READY, "spool": False}


def test_a_disk_that_is_full(ports: Ports) -> None:
    full = ports.settings.model_copy(update={"node": Node(minimum_free_mb=2**40)})
    assert _ready(replace(ports, settings=full)) == {**READY, "disk": False}


@pytest.mark.postgres
def test_a_database_without_schema(ports: Ports, postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    assert readiness(ports.settings, make_sessions(engine)) == {**READY, "schema": False}
    engine.dispose()


def test_a_database_that_does_not_answer(ports: Ports) -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:1/none")
    assert readiness(ports.settings, make_sessions(engine)) == SILENT
    engine.dispose()
