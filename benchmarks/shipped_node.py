"""A whole node with the shipped models, and a PACS double, each in processes of its own: what benchmarks measure."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from benchmarks.clinical import RADIOGRAPHS, SCANS
from db import timeline
from db.tables import JobRow
from db.timeline import Span
from tests.acceptance.node import NodeUnderTest, free_port, wait_for
from tests.acceptance.sending import send
from tests.servers.postgres import running_postgres
from tests.servers.redis import RedisServer

EMBEDDED, PRODUCTION = "embedded", "production"
MODELS = (*RADIOGRAPHS, *SCANS)


@dataclass
class ShippedNode(NodeUnderTest):
    """The product as it is: only the quiet time is shorter than the default, which is no work."""

    quiet_seconds: float = 4
    commitment: str = "none"
    workers: int = 1  #: processes that screen, where there is one for each role
    models: Sequence[str] = MODELS
    hold: bool = False  #: whether results stay here

    engine = "auto"
    minimum_free_mb = 1024
    reconcile_seconds = 5
    patience = 240.0

    def start(self, *roles: str) -> None:
        """Start these roles, by default all with as many workers as there shall be."""
        super().start(*roles)
        for number in range(2, self.workers + 1 if not roles and self.broker_url is not None else 2):
            self.start_worker(f"worker {number}")

    def start_worker(self, name: str) -> None:
        """Start one more process that screens."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", self.module, "worker"], cwd=self.folder, env=self._environment(),
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def receive(self, paths: Sequence[Path]) -> None:
        """Send a study to the node over one association. Raises RuntimeError where an image is not taken."""
        refused = [result.detail for result in send(self, paths) if not result.stored]
        if refused:
            raise RuntimeError(f"{len(refused)} of {len(paths)} images were refused: {refused[0]}")

    def spans(self, study_instance_uid: str, model: str) -> list[Span]:
        """The timeline of a model's job on a study, empty while there is none."""
        with self.session() as session:
            query = select(JobRow.id).where(JobRow.study_instance_uid == study_instance_uid)
            job_id = session.scalar(query.where(JobRow.model_name == model))
            return [] if job_id is None else timeline.of_job(session, job_id, quiet_seconds=self.quiet_seconds)

    def delivered(self, study_instance_uid: str, model: str) -> list[Span] | None:
        """The same once the results are stored in the PACS, None before."""
        spans = self.spans(study_instance_uid, model)
        return spans if any(span.name == "send" for span in spans) else None

    def _toml(self) -> str:
        toml = super()._toml()
        return toml.replace('accept_evidence = ["simulation", ', "accept_evidence = [") if self.hold else toml

    def _models(self) -> str:
        return "\n".join(f'[models.{name}]\nenabled = true\nwhen = "always"' for name in self.models)


@contextmanager
def running(
    folder: Path, mode: str, *, workers: int = 1, models: Sequence[str] = MODELS, hold: bool = False
) -> Iterator[ShippedNode]:
    """A node that takes studies, and its PACS; PostgreSQL waits for the disk, as it does in service."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        database_url = broker_url = None
        if mode == PRODUCTION:
            database_url = stack.enter_context(running_postgres(durable=True)).database()
            redis = RedisServer(folder)
            redis.start()
            stack.callback(redis.kill)
            broker_url = redis.url
        port = stack.enter_context(_pacs(folder / "pacs"))
        node = ShippedNode(
            folder=folder / "node", destination=("STANDIN", port), database_url=database_url, broker_url=broker_url,
            workers=workers, models=models, hold=hold,
        )  # fmt: skip
        stack.callback(node.stop)
        node.start()
        if mode == PRODUCTION:
            wait_for("workers", lambda: _warm(node), 120)
        yield node


def _warm(node: ShippedNode) -> bool:
    """Whether every worker has its child: it has imported what models need."""
    names = [name for name in node.processes if name.startswith("worker")]
    children = [Path(f"/proc/{node.processes[name].pid}/task/{node.processes[name].pid}/children") for name in names]
    return all(path.read_text().split() for path in children)


@contextmanager
def _pacs(folder: Path) -> Iterator[int]:
    """The double in a process of its own; its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.pacs_double", str(folder), str(port)])
    try:
        yield port
    finally:
        process.terminate()
        process.wait(30)
