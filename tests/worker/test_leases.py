"""A process that starts takes back what dead processes of its own host held, and nothing else."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from db import jobs
from db.engine import transaction
from screening.jobs import JobState
from screening.types import ClinicalContext, Eligible
from tests.worker.factories import STUDY
from tests.worker.ports import make_ports, radiograph, receive
from worker.indexing import index_received
from worker.leases import owner_name, release_the_dead
from worker.ports import Ports


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    made = make_ports(tmp_path)
    receive(made, radiograph())
    index_received(made)
    return made


def _claimed_by(ports: Ports, owner: str) -> int:
    chosen = Eligible(series_instance_uid=f"{STUDY}.1", sop_instance_uids=(f"{STUDY}.1.1",), reason="r")
    with transaction(ports.sessions) as session:
        job, _ = jobs.open_job(
            session, study_instance_uid=STUDY, chosen=chosen, input_digest="0" * 64,
            context=ClinicalContext(), model_name="m", model_version="1", config_digest="1" * 64, queue="screen",
        )  # fmt: skip
        assert jobs.claim(session, job.job_id, owner=owner, lease_seconds=600, maximum_attempts=3)
    return job.job_id


def _state(ports: Ports, job_id: int) -> JobState:
    with transaction(ports.sessions) as session:
        return jobs.get(session, job_id).state


def _dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_dead_process_of_this_host_held_is_ready_again(ports: Ports) -> None:
    job_id = _claimed_by(ports, f"{socket.gethostname()}:{_dead_process()}:0a1b2c3d")
    with transaction(ports.sessions) as session:
        assert release_the_dead(session) == 1
    assert _state(ports, job_id) is JobState.READY


@pytest.mark.parametrize(
    "owner",
    [
        f"{socket.gethostname()}:{os.getpid()}:0a1b2c3d",
        "another-host:1:0a1b2c3d",
        "another-host:4194304:0a1b2c3d",
        f"{socket.gethostname()}:x:y",
        f"{socket.gethostname()}",
    ],
    ids=["living", "other-host", "other-host-dead", "no-number", "no-process"],  # the same in each test process
)
def test_the_living_and_other_hosts_keep_what_they_hold(ports: Ports, owner: str) -> None:
    job_id = _claimed_by(ports, owner)
    with transaction(ports.sessions) as session:
        assert release_the_dead(session) == 0
    assert _state(ports, job_id) is JobState.CLAIMED


def test_each_process_has_a_name_of_its_own() -> None:
    assert owner_name() != owner_name()
    assert owner_name().startswith(f"{socket.gethostname()}:{os.getpid()}:")
