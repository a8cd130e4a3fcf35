"""The child's side: what it answers, what it refuses, and that it goes when its parent goes."""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.worker.factories import make_request
from tests.worker.sandbox.pipelines import Misbehaving
from worker.sandbox.child import Runner, _serve
from worker.sandbox.confined import Limits, command
from worker.sandbox.protocol import receive_answer, receive_json, send_json

CHILD = "worker.sandbox.child"
PIPELINE = "tests.worker.sandbox.pipelines:Misbehaving"


@contextmanager
def _child(
    pipeline: str = PIPELINE, memory_mb: int = 8192, seconds: int = 60
) -> Iterator[tuple[subprocess.Popen[bytes], Connection]]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            command(Limits(memory_mb=memory_mb), CHILD, str(theirs.fileno()), "1", str(seconds), pipeline),
            pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    connection = Connection(ours.detach())
    try:
        yield process, connection
    finally:
        connection.close()
        process.kill()
        process.wait()


def _pair() -> tuple[Connection, Connection]:
    ours, theirs = socket.socketpair()
    return Connection(ours.detach()), Connection(theirs.detach())


def _served(model_name: str) -> dict[str, Any]:
    """What the child says to a request, in this process."""
    ours, theirs = _pair()
    pipeline: Runner = Misbehaving(threads=1)
    with ours, theirs:
        _serve(theirs, pipeline, make_request(model_name=model_name).to_json())
        values = receive_json(ours)
        if "failure" not in values:
            receive_answer(ours, values)
        return values


def test_it_says_that_it_is_ready_serves_and_ends_with_its_parent() -> None:
    with _child() as (process, connection):
        assert receive_json(connection) == {"ready": True}
        send_json(connection, make_request(model_name="well").to_json())
        answer = receive_answer(connection, receive_json(connection))
        assert len(answer.report.objects) == 1
        limit, _ = resource.prlimit(process.pid, resource.RLIMIT_AS)
        assert limit == 8192 * 2**20
        assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
        connection.close()
        assert process.wait(20) == 0


def test_it_ends_in_mid_run_when_its_parent_goes() -> None:
    with _child(memory_mb=0) as (process, connection):
        assert receive_json(connection) == {"ready": True}
        send_json(connection, make_request(model_name="hang").to_json())
        connection.close()
        assert process.wait(20) == 0


def test_the_kernel_ends_it_when_its_processor_time_is_used_up() -> None:
    """Should its parent be stopped, or be gone while a codec holds the interpreter's lock."""
    with _child(seconds=1) as (process, connection):
        assert receive_json(connection) == {"ready": True}
        send_json(connection, make_request(model_name="spin").to_json())
        assert process.wait(120) == -signal.SIGXCPU


def test_nonsense_from_its_parent_ends_it() -> None:
    with _child(memory_mb=0) as (process, connection):
        assert receive_json(connection) == {"ready": True}
        connection.send_bytes(b"no JSON")
        assert process.wait(20) == 0


def test_a_pipeline_that_is_not_there_ends_it_before_it_is_ready() -> None:
    with _child("tests.worker.sandbox.pipelines:Absent", memory_mb=0) as (process, connection):
        with pytest.raises((EOFError, OSError)):
            receive_json(connection)
        assert process.wait(20) != 0


def test_an_error_of_ours_is_sent_with_its_class_and_text() -> None:
    assert _served("weights") == {"number": 0, "failure": "WeightsMismatch", "message": "weights of m differ"}


def test_any_other_fault_is_sent_without_its_text() -> None:
    values = _served("fault")
    assert values["failure"] == "SandboxDied"
    assert values["message"].startswith("KeyError in tests.worker.sandbox.pipelines:")


def test_an_answer_is_sent_as_json_and_bytes() -> None:
    assert _served("well")["outcome"]["code"] == "age-unknown"


def test_an_answer_tells_what_the_time_went_to() -> None:
    stages = _served("measured")["stages"]
    assert list(stages) == ["request", "decode"]
    assert stages["decode"] >= 0


def test_a_request_that_cannot_be_read_is_a_fault_and_no_crash() -> None:
    ours, theirs = _pair()
    with ours, theirs:
        _serve(theirs, Misbehaving(threads=1), {"model_name": "well"})
        assert receive_json(ours)["failure"] == "SandboxDied"
