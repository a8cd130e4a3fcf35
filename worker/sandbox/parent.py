"""The parent's side of the child process."""

import contextlib
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from screening import errors, failpoints
from screening.errors import Permanent, Retryable, SandboxDied
from screening.settings import WorkerSettings
from screening.stages import Stages
from screening.stopwatch import listening, stage
from worker.request import ScreenRequest
from worker.sandbox.confined import Limits, command
from worker.sandbox.protocol import TOGETHER, Answer, receive_answer, receive_json, send_json

_START_SECONDS = 120
"""A loaded machine takes tens of seconds to import torch and monai."""


class Sandbox:
    """A child process that keeps its models resident. Used by one thread at a time.

    A child that dies, hangs or answers nonsense is killed; the next run starts a new one.

    pipeline: "module:class" of what the child runs.
    """

    def __init__(self, settings: WorkerSettings, pipeline: str = "worker.pipeline:Pipeline") -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """Process number of the child, None while there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def run(self, request: ScreenRequest, *, cancelled: threading.Event | None = None) -> Answer:
        """Run one request in the child.

        The answer's stages are those of the child, `start` (nearly 0 where it runs already), and `transfer`: what
        request and answer took on their way.

        Parameters
        ----------
        request
            The run.
        cancelled
            When set, the child is killed and LeaseLost raised.

        Raises
        ------
        SandboxDied
            If the child died, took longer than `worker.job_timeout_seconds`, or answered nonsense.
        LeaseLost
            If cancelled.
        Retryable, Permanent
            What the child raised.
        """
        with listening() as watch:
            with stage("start"):
                connection = self._started()
            with stage("transfer"):
                answer = self._exchange(connection, request, cancelled)
        return _with_the_way(answer, **watch.stages.seconds)

    def run_together(
        self, requests: Sequence[ScreenRequest], *, cancelled: Sequence[threading.Event]
    ) -> Generator[tuple[int, Answer | Exception], None, None]:
        """Run requests side by side in the child; each ends for itself, whenever it is done.

        They share the limits of one: memory, time and processor time. Close the generator, or ask it to its end: a
        child that was not heard to the end is killed.

        Parameters
        ----------
        requests
            The runs.
        cancelled
            An event for each request. When those of all that have no answer yet are set, the child is killed.

        Yields
        ------
        The request's place, and its answer or what `run` would raise. SandboxDied says nothing of whose fault it was,
        if the child ended: everyone who had no answer gets it.
        """
        left = dict(enumerate(cancelled))
        died: Retryable | None = None
        try:
            with listening() as watch, stage("start"):
                connection = self._started()
            begun = time.monotonic()
            self._send(connection, {TOGETHER: [request.to_json() for request in requests]})
            while left:
                number, said = self._receive(connection, left, time.monotonic() - begun)
                del left[number]
                if isinstance(said, SandboxDied):
                    died = said  # a fault nobody foresaw: start afresh when the others are done
                elif isinstance(said, Answer):
                    said = _with_the_way(said, transfer=time.monotonic() - begun, **watch.stages.seconds)
                yield number, said
        except Retryable as exc:
            died = exc
        finally:
            if left or died is not None:
                self.close()
        for number in left:
            yield number, died or SandboxDied("the child was not heard to its end")

    def _send(self, connection: Connection, values: Mapping[str, Any]) -> None:
        try:
            send_json(connection, values)
        except OSError as exc:
            raise SandboxDied(f"the child ended before the job ({self._ending()})") from exc

    def _receive(
        self, connection: Connection, left: Mapping[int, threading.Event], waited: float
    ) -> tuple[int, Answer | Exception]:
        """What the child says of one of these requests; waited: seconds since they were asked."""
        try:
            seconds = self._settings.job_timeout_seconds
            self._await(connection, seconds, lambda: all(event.is_set() for event in left.values()), waited=waited)
            values = receive_json(connection)
            number = values.get("number")
            if type(number) is not int or number not in left:
                raise ValueError("an answer to no question")
            return number, _error(values) if "failure" in values else receive_answer(connection, values)
        except (EOFError, OSError, ValueError) as exc:
            raise SandboxDied(f"the child ended in mid-job ({self._ending()})") from exc

    def _exchange(self, connection: Connection, request: ScreenRequest, cancelled: threading.Event | None) -> Answer:
        try:
            send_json(connection, request.to_json())
            self._await(connection, self._settings.job_timeout_seconds, cancelled.is_set if cancelled else _never)
            values = receive_json(connection)
            if "failure" not in values:
                return receive_answer(connection, values)
        except (EOFError, OSError, ValueError) as exc:
            raise SandboxDied(f"the child ended in mid-job ({self._ending()})") from exc
        except Retryable:
            self.close()
            raise
        error = _error(values)
        if isinstance(error, SandboxDied):  # out of memory, or a fault nobody foresaw: start afresh
            self.close()
        raise error

    def warm_up(self) -> None:
        """Start the child and wait until it has imported what it needs."""
        self._started()

    def close(self) -> None:
        """Kill the child."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _started(self) -> Connection:
        if self._connection is not None and self._process is not None and self._process.poll() is None:
            return self._connection
        self.close()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                command(
                    limits_of(self._settings),
                    "worker.sandbox.child",
                    str(theirs.fileno()),
                    str(self._settings.threads),
                    str(math.ceil(self._settings.job_timeout_seconds) * (os.cpu_count() or 1)),
                    self._pipeline,
                ),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment(self._settings.threads),
            )
        self._connection = Connection(ours.detach())
        try:
            self._await(self._connection, _START_SECONDS, _never)
            if receive_json(self._connection) != {"ready": True}:
                raise ValueError("not the child we started")
        except (EOFError, OSError, ValueError) as exc:
            raise SandboxDied(f"the child did not start ({self._ending()})") from exc
        return self._connection

    def _await(
        self, connection: Connection, seconds: float, cancelled: Callable[[], bool], *, waited: float = 0.0
    ) -> None:
        """Wait until the child says something, for so many seconds less those that were waited before."""
        while not connection.poll(0.2):
            waited += 0.2
            if cancelled():
                raise errors.LeaseLost("another worker holds this job now")
            if waited >= seconds:
                raise SandboxDied(f"the child was killed: no answer within {seconds:g} s")

    def _ending(self) -> str:
        """Describe how the child ended, and clear it away."""
        process = self._process
        code = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=2)
        self.close()
        if code is None:
            return "killed"
        return f"signal {-code}" if code < 0 else f"exit status {code}"


BATCH_SIZE = 4
"""Radiographs that go together on a GPU, unless set; on a CPU each goes alone."""


def batch_size(settings: WorkerSettings) -> int:
    """How many jobs may go through the child together."""
    return settings.batch_size or (BATCH_SIZE if limits_of(settings).cuda else 1)


def limits_of(settings: WorkerSettings) -> Limits:
    """What the settings leave to a child. Where CUDA may be used, what its driver needs is spared.

    A child that injects faults is not confined: it kills its worker, and takes the file away that told it to.
    """
    confined = settings.confined and not failpoints.active()
    cuda = settings.runs_on == "cuda" or (settings.runs_on == "auto" and Path("/dev/nvidiactl").exists())
    return Limits(memory_mb=settings.memory_limit_mb, confined=confined, cuda=cuda)


_KEPT = frozenset(("HOME", "LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV"))
_KEPT_PREFIXES = (
    "LC_", "CUDA_", "NVIDIA_", "PYTORCH_", "TORCH_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "PYTHON",
)  # fmt: skip


def environment(threads: int) -> dict[str, str]:
    """What libraries go by, and nothing else: whatever a variable of another name holds may be a secret.

    Few threads, which sleep while they wait.
    """
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return kept | {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
        # The arrays of a CT are made and dropped again and again. By default each is asked of the kernel anew, which
        # hands out every page cleared: a second of a CT. So what the largest study needed stays with the child.
        "MALLOC_MMAP_THRESHOLD_": str(2**30),
        "MALLOC_TRIM_THRESHOLD_": str(2**29),
        "PYTHONPATH": os.pathsep.join(sys.path),
        **failpoints.for_the_child(),
    }


def _never() -> bool:
    return False


def _with_the_way(answer: Answer, *, start: float, transfer: float) -> Answer:
    """The answer with what the parent alone could measure. transfer: seconds from the request to its answer."""
    on_the_way = Stages({"transfer": max(0.0, transfer - answer.stages.total)})
    return answer._replace(stages=Stages({"start": start}) + answer.stages + on_the_way)


def _error(values: dict[str, Any]) -> Exception:
    """The exception that a failure message names; an unknown one is retryable, since attempts are capped."""
    kind = getattr(errors, str(values["failure"]), None)
    message = str(values.get("message", ""))
    if isinstance(kind, type) and issubclass(kind, (Retryable, Permanent)):
        return kind(message)
    return SandboxDied(message)
