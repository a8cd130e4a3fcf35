"""Jobs that go through the child together: each ends for itself, and pays for no other's fault."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from db import events, findings, jobs
from db.engine import transaction
from db.tables import JobRow
from screening.errors import BadPixelData, DatabaseUnavailable, LeaseLost, SandboxDied, SpoolUnavailable
from screening.jobs import Job, JobState
from screening.settings import WorkerSettings
from screening.stages import Stages
from tests.db.factories import make_findings, make_report
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import make_ports, radiograph, receive
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.request import ScreenRequest
from worker.sandbox.protocol import Answer
from worker.screening_job import screen

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OWNER = "host:1"
WORKER = WorkerSettings(lease_seconds=30, heartbeat_seconds=0.05, batch_size=4)


def _good(number: int) -> Answer:
    return Answer(make_findings(), make_report(run=number), Stages({"decode": 0.25}))


def _with(ports: Ports, **changes: Any) -> Ports:
    worker = WORKER.model_copy(update=changes)
    return replace(ports, settings=ports.settings.model_copy(update={"worker": worker}))


@pytest.fixture
def four(either: Ports, registry: FakeRegistry) -> Ports:
    """A worker that takes up to four."""
    return _with(either)


@pytest.fixture
def quick(ports: Ports, registry: FakeRegistry) -> Ports:
    """The same on SQLite alone, where the database makes no difference."""
    return _with(ports)


def _opened(ports: Ports, count: int, first: int = 1, **elements: Any) -> list[int]:
    """Jobs that wait, a study each."""
    for number in range(first, first + count):
        uid = f"2.25.{number}"
        ds = radiograph(1, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", SOPInstanceUID=f"{uid}.1.1", **elements)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        receive(ports, ds)
    index_received(ports)
    return [job_id for job_id, _ in intake_quiet(ports)]


def _job(ports: Ports, job_id: int) -> Job:
    with transaction(ports.sessions) as session:
        return jobs.get(session, job_id)


def _states(ports: Ports, ids: Sequence[int]) -> list[tuple[str, int]]:
    found = [_job(ports, job_id) for job_id in ids]
    return [(str(job.state), job.attempt) for job in found]


def _studies(sandbox: ScriptedSandbox) -> list[list[int]]:
    """Which studies went into the child at the same time, run by run."""
    return [[int(r.instances[0].study_instance_uid.split(".")[2]) for r in batch] for batch in sandbox.batches]


def test_those_that_wait_go_together_and_each_is_stored(four: Ports) -> None:
    ids, sandbox = _opened(four, 6), ScriptedSandbox(*map(_good, range(4)))
    screen(ids[1], four, sandbox, OWNER)
    assert _studies(sandbox) == [[2, 1, 3, 4]]
    assert _states(four, ids) == [("inferred", 1)] * 4 + [("ready", 0)] * 2
    with transaction(four.sessions) as session:
        stages = findings.stages_of(session, ids[2])
        assert [event.to_state for event in events.of_job(session, ids[2])][:3] == ["ready", "claimed", "inferred"]
    assert stages is not None
    assert list(stages.seconds) == ["request", "decode"]


def test_messages_for_those_that_were_taken_along_do_nothing(quick: Ports) -> None:
    ids, sandbox = _opened(quick, 3), ScriptedSandbox(*map(_good, range(3)))
    for job_id in ids:
        screen(job_id, quick, sandbox, OWNER)
    assert _studies(sandbox) == [[1, 2, 3]]


def test_a_job_that_is_alone_waits_for_nobody(quick: Ports) -> None:
    (job_id,), sandbox = _opened(quick, 1), ScriptedSandbox(_good(1))
    screen(job_id, quick, sandbox, OWNER)
    assert (_studies(sandbox), sandbox.alone) == ([[1]], 1)


@pytest.mark.parametrize("changes", [{"batch_size": 1}, {"batch_size": 0, "device": "cpu"}, {"maximum_attempts": 1}])
def test_each_goes_alone_where_nothing_is_gained_or_too_much_at_stake(quick: Ports, changes: dict[str, Any]) -> None:
    ports = _with(quick, **changes)
    ids, sandbox = _opened(ports, 2), ScriptedSandbox(_good(1))
    screen(ids[0], ports, sandbox, OWNER)
    assert _studies(sandbox) == [[1]]
    assert _states(ports, ids) == [("inferred", 1), ("ready", 0)]


def test_cts_go_alone(quick: Ports) -> None:
    ids, sandbox = _opened(quick, 2, Modality="CT"), ScriptedSandbox(_good(1))
    screen(ids[0], quick, sandbox, OWNER)
    assert (_studies(sandbox), sandbox.alone) == ([[1]], 1)
    assert _states(quick, ids) == [("inferred", 1), ("ready", 0)]


def test_a_ct_that_waits_for_the_same_model_comes_after_the_radiographs(quick: Ports) -> None:
    ids = _opened(quick, 1) + _opened(quick, 1, first=2, Modality="CT") + _opened(quick, 1, first=3)
    sandbox = ScriptedSandbox(*map(_good, range(3)))
    screen(ids[0], quick, sandbox, OWNER)
    assert _studies(sandbox) == [[1, 3], [2]]
    assert _states(quick, ids) == [("inferred", 1)] * 3


def test_one_that_fails_harms_no_other(four: Ports) -> None:
    ids = _opened(four, 4)
    sandbox = ScriptedSandbox(_good(1), BadPixelData("cut off"), SpoolUnavailable("input/output error"), _good(4))
    screen(ids[0], four, sandbox, OWNER)
    assert _states(four, ids) == [("inferred", 1), ("quarantined", 1), ("retry_wait", 1), ("inferred", 1)]
    assert [_job(four, job_id).reason for job_id in ids[1:3]] == ["cut off", "input/output error"]


def test_when_the_child_dies_each_without_an_answer_is_run_alone_in_the_same_attempt(four: Ports) -> None:
    """Nobody knows whose fault it was."""
    died = SandboxDied("the child ended in mid-job (signal 11)")
    ids, sandbox = _opened(four, 4), ScriptedSandbox(_good(1), died, died, died, _good(2), died, _good(4))
    screen(ids[0], four, sandbox, OWNER)
    assert _studies(sandbox) == [[1, 2, 3, 4], [2], [3], [4]]
    assert _states(four, ids) == [("inferred", 1), ("inferred", 1), ("retry_wait", 1), ("inferred", 1)]


def test_the_guilty_is_quarantined_and_the_innocent_never(quick: Ports) -> None:
    """It kills the child whenever it is in it, until its attempts are used up."""
    died = SandboxDied("signal 11")
    late = replace(quick, clock=lambda: LONG_AGO)  # what shall be tried again after some seconds is due at once
    ids = _opened(quick, 4)
    screen(ids[0], late, ScriptedSandbox(died, died, died, died, died, _good(2), _good(3), _good(4)), OWNER)
    for attempt in (2, 3):
        assert _states(quick, ids) == [("retry_wait", attempt - 1)] + [("inferred", 1)] * 3
        more, sandbox = _opened(quick, 1, first=10 + attempt), ScriptedSandbox(died)
        screen(ids[0], late, sandbox, OWNER)
        assert _studies(sandbox) == [[1]]
        assert _states(quick, more) == [("ready", 0)]
    assert _states(quick, ids) == [("quarantined", 3)] + [("inferred", 1)] * 3


def test_a_worker_that_was_killed_costs_each_one_attempt_and_then_they_go_alone(four: Ports) -> None:
    ids = _opened(four, 3)

    class Killed(BaseException):
        """kill -9, as far as the database sees."""

    def kill(request: ScreenRequest, _: threading.Event) -> Answer:
        raise Killed

    with pytest.raises(Killed):
        screen(ids[0], four, ScriptedSandbox(kill), OWNER)
    assert _states(four, ids) == [("claimed", 1)] * 3
    with transaction(four.sessions) as session:
        jobs.release_owner(session, OWNER)
    sandbox = ScriptedSandbox(_good(1), _good(2), _good(3))
    for job_id in ids:
        screen(job_id, four, sandbox, OWNER)
    assert _studies(sandbox) == [[1], [2], [3]]
    assert _states(four, ids) == [("inferred", 2)] * 3


def test_one_that_lost_its_lease_is_dropped_and_the_others_are_stored(four: Ports) -> None:
    ids = _opened(four, 3)

    def taken_over(_: ScreenRequest, cancelled: threading.Event) -> Answer:
        with transaction(four.sessions) as session:
            session.execute(update(JobRow).where(JobRow.id == ids[1]).values(lease_owner="host:2"))
        assert cancelled.wait(10), "the run was not told that its lease is lost"
        return _good(2)

    screen(ids[0], four, ScriptedSandbox(_good(1), taken_over, _good(3)), OWNER)
    assert _states(four, ids) == [("inferred", 1), ("claimed", 1), ("inferred", 1)]
    with transaction(four.sessions) as session:
        assert findings.of_job(session, ids[1]) is None


def test_all_that_lost_their_leases_write_nothing(quick: Ports) -> None:
    ids = _opened(quick, 2)
    screen(ids[0], quick, ScriptedSandbox(LeaseLost("another worker holds this job now")), OWNER)
    assert _states(quick, ids) == [("claimed", 1)] * 2


def test_a_database_that_is_gone_leaves_all_to_their_leases_and_the_child_is_not_listened_to(quick: Ports) -> None:
    ids, sandbox = _opened(quick, 3), ScriptedSandbox(_good(1), DatabaseUnavailable("no answer"), _good(3))
    with pytest.raises(DatabaseUnavailable):
        screen(ids[0], quick, sandbox, OWNER)
    assert _states(quick, ids) == [("inferred", 1), ("claimed", 1), ("claimed", 1)]
    assert sandbox.abandoned


@pytest.mark.postgres
def test_two_workers_share_what_waits(postgres_url: str, tmp_path: Path, registry: FakeRegistry) -> None:
    ports = make_ports(tmp_path, database_url=postgres_url, worker=WORKER)
    ids = _opened(ports, 8)
    boxes = [ScriptedSandbox(*map(_good, range(10 * n, 10 * n + 8))) for n in range(2)]

    def work(number: int) -> None:
        for job_id in ids:
            screen(job_id, ports, boxes[number], f"host:{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert _states(ports, ids) == [(str(JobState.INFERRED), 1)] * 8
    assert sorted(study for box in boxes for batch in _studies(box) for study in batch) == list(range(1, 9))
