"""Pipelines that a child process runs in tests: each misbehaves in its own way, chosen by the model's name."""

import os
import signal
import socket
import threading
import time
import uuid
from dataclasses import replace

import numpy as np

from screening.errors import WeightsMismatch
from screening.findings import NotEvaluable, Outcome
from screening.reports import ObjectKind, Report, ReportObject
from screening.stopwatch import stage
from worker.request import ScreenRequest

THREE = threading.Barrier(3, timeout=30)


class Misbehaving:
    def __init__(self, *, threads: int) -> None:
        self.threads = threads

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        getattr(self, request.model_name)()
        outcome = NotEvaluable(code="age-unknown", reason=f"pid {os.getpid()}")
        item = ReportObject(
            kind=ObjectKind.SC,
            role="card",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.7",
            sop_instance_uid=f"2.25.{uuid.uuid4().int}",
            series_instance_uid="2.25.2",
            encoded=bytes(128) + b"DICM" + bytes(100_000),
        )
        return outcome, Report(objects=(item,))

    def well(self) -> None:
        """Does what it should."""

    def measured(self) -> None:
        with stage("decode"):
            pass

    def meet(self) -> None:
        """Waits until three are here at the same time."""
        THREE.wait()

    def segfault(self) -> None:
        signal.raise_signal(signal.SIGSEGV)  # of this very thread, as a fault of a codec is

    def hang(self) -> None:
        while True:
            time.sleep(0.05)

    def allocate(self) -> None:
        np.ones(64 * 2**30, dtype=np.uint8)

    def spin(self) -> None:
        while True:
            pass

    def fork(self) -> None:
        while True:
            os.fork()

    def call_home(self) -> None:
        with socket.create_connection(("127.0.0.1", int(os.environ.get("OMP_TEST_PORT", "9"))), timeout=5) as made:
            made.sendall(b"DOE^JANE")

    def weights(self) -> None:
        raise WeightsMismatch("weights of m differ")

    def fault(self) -> None:
        raise KeyError("DOE^JANE")

    def environment(self) -> None:
        told = {"OPPORTUNE_DATABASE_URL", "DATABASE_URL", "PGPASSWORD", "CELERY_BROKER_URL", "AWS_SECRET_ACCESS_KEY"}
        assert not told & set(os.environ)


class _Second(Misbehaving):
    """Misbehaves on the study 2.25.2 alone."""

    how = "well"

    def run(self, request: ScreenRequest) -> tuple[Outcome, Report]:
        guilty = request.instances[0].study_instance_uid == "2.25.2"
        return super().run(replace(request, model_name=self.how if guilty else "well"))


class BySegfault(_Second):
    how = "segfault"


class ByAllocate(_Second):
    how = "allocate"


class ByFault(_Second):
    how = "fault"
