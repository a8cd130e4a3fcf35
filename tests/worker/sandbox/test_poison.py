"""Studies that take the child down are quarantined after as many attempts as are allowed; others flow on between."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import events, jobs
from db.engine import transaction
from screening.jobs import JobState
from screening.settings import ModelSettings, WorkerSettings
from tests.worker.fake_registry import FakeRegistry, choose_all
from tests.worker.ports import make_ports, radiograph, receive
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.sandbox.parent import Sandbox
from worker.screening_job import screen

PIPELINE = "tests.worker.sandbox.pipelines:Misbehaving"
POISON = {
    "segfault": "signal 11",
    "allocate": "out of memory",
    "spin": "no answer within 1 s",
    "fork": "PermissionError",
    "call_home": "PermissionError",
}
"""What the pipeline does for a model of this name, and what the job's last event says of it."""

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WORKER = WorkerSettings(threads=1, memory_limit_mb=8192, maximum_attempts=3)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WORKER, PIPELINE)
    yield made
    made.close()


@pytest.fixture
def impatient() -> Iterator[Sandbox]:
    made = Sandbox(WORKER.model_copy(update={"job_timeout_seconds": 1}), PIPELINE)
    yield made
    made.close()


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where a child that calls home would be heard."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        monkeypatch.setenv("OMP_TEST_PORT", str(server.getsockname()[1]))
        yield server


def _opened(ports: Ports, number: int) -> dict[str, int]:
    """The jobs, by model, of one more study."""
    uid = f"2.25.{number}"
    ds = radiograph(1, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", SOPInstanceUID=f"{uid}.1.1")
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    receive(ports, ds)
    index_received(ports)
    found = {}
    for job_id, _ in intake_quiet(ports):
        with transaction(ports.sessions) as session:
            found[jobs.get(session, job_id).model_name] = job_id
    return found


def _state(ports: Ports, job_id: int) -> JobState:
    with transaction(ports.sessions) as session:
        return jobs.get(session, job_id).state


def test_poison_is_quarantined_and_other_studies_flow_on(
    registry: FakeRegistry, sandbox: Sandbox, impatient: Sandbox, listening: socket.socket, tmp_path: Path
) -> None:
    registry.selectors = dict.fromkeys((*POISON, "well"), choose_all)
    enabled = {name: ModelSettings(enabled=True) for name in registry.selectors}
    ports = make_ports(tmp_path, models=enabled, worker=WORKER)
    late = replace(ports, clock=lambda: LONG_AGO)  # what shall be tried again after some seconds is due at once
    poisoned = {name: job_id for name, job_id in _opened(ports, 1).items() if name != "well"}
    for attempt in range(WORKER.maximum_attempts):
        healthy = _opened(ports, attempt + 2)["well"]
        for name, job_id in poisoned.items():
            assert _state(ports, job_id) is (JobState.RETRY_WAIT if attempt else JobState.READY)
            screen(job_id, late, impatient if name == "spin" else sandbox, "worker")
        screen(healthy, ports, sandbox, "worker")
        assert _state(ports, healthy) is JobState.INFERRED
    for name, job_id in poisoned.items():
        assert _state(ports, job_id) is JobState.QUARANTINED, name
        with transaction(ports.sessions) as session:
            *_, last = events.of_job(session, job_id)
        assert (last.to_state, last.attempt) == ("quarantined", 3)
        assert POISON[name] in str(last.detail)
    with pytest.raises(BlockingIOError):
        listening.accept()


@pytest.mark.parametrize("poison", ["segfault", "allocate", "fault"])
def test_poison_in_a_batch_is_quarantined_and_those_beside_it_never(
    registry: FakeRegistry, poison: str, tmp_path: Path
) -> None:
    registry.selectors = {"well": choose_all}
    worker = WORKER.model_copy(update={"batch_size": 4})
    ports = make_ports(tmp_path, models={"well": ModelSettings(enabled=True)}, worker=worker)
    late = replace(ports, clock=lambda: LONG_AGO)
    ids = [_opened(ports, number)["well"] for number in (1, 2, 3)]
    made = Sandbox(worker, f"tests.worker.sandbox.pipelines:By{poison.capitalize()}")
    try:
        for _ in range(worker.maximum_attempts):
            screen(ids[1], late, made, "worker")
            assert [_state(ports, job_id) for job_id in (ids[0], ids[2])] == [JobState.INFERRED] * 2
    finally:
        made.close()
    assert _state(ports, ids[1]) is JobState.QUARANTINED
    with transaction(ports.sessions) as session:
        assert [jobs.get(session, job_id).attempt for job_id in ids] == [1, 3, 1]
