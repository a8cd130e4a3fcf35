"""A node on the bench: its processes, servers and PACS, a sender, and what was acknowledged to it."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from sqlalchemy import select

from db.tables import DeliveryRow, JobRow
from dicom_node import scu
from dicom_node.identity import Timeouts
from dicom_node.part10 import split_bytes
from dicom_node.scu import FileResult
from dicom_node.spool import Spool
from dicom_node.standin_pacs import Script
from screening.errors import DestinationUnavailable
from screening.failpoints import VARIABLE
from screening.jobs import JobState
from screening.reports import DeliveryState
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.sending import as_destination
from tests.dicom_node import build
from tests.faults.double import RecordingPacs
from tests.faults.program import CLOCK_VARIABLE
from tests.faults.proxy import Proxy
from tests.faults.toy import NAME
from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.redis import RedisServer
from tests.worker.fake_model import picture

EMBEDDED, PRODUCTION = "embedded", "production"
PATIENCE = 90.0  # seconds until what was begun must be finished; the promise is 60, the machine may be loaded
_TIMEOUTS = Timeouts(acse=10, dimse=20, network=20)


_ATTEMPTS = 12
"""More than the kills between two moments in which all work must be done: a job that met each of them is no poison."""

_OPEN_JOBS = (JobState.READY, JobState.CLAIMED, JobState.RETRY_WAIT)
_UNSENT = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass
class FaultyNode(NodeUnderTest):
    """A node of the product's own code with a toy model, which injects the faults of a file."""

    commitment_seconds: float = 5
    more: str = ""  #: further settings, TOML
    variables: dict[str, str] = field(default_factory=dict)

    module = "tests.faults.program"
    minimum_free_mb = 1
    patience = 240.0

    @property
    def fault_file(self) -> Path:
        """What it injects."""
        return self.folder / "fault"

    @property
    def clock_file(self) -> Path:
        """By how many seconds its clock is off."""
        return self.folder / "clock"

    @property
    def spool(self) -> Path:
        """Folder of the received files."""
        return self.folder / "opportune-data" / "spool"

    def process_of(self, step: str) -> str:
        """Name of the process in which a step is taken."""
        if self.broker_url is None:
            return "serve"
        return {"sender": "delivery"}.get(step.partition(".")[0], step.partition(".")[0])

    def _environment(self) -> dict[str, str]:
        faults = {VARIABLE: f"@{self.fault_file}", CLOCK_VARIABLE: str(self.clock_file)}
        return super()._environment() | faults | self.variables

    def _models(self) -> str:
        return f"[models.{NAME}]\nenabled = true"

    def _toml(self) -> str:
        return (
            super()._toml()
            + f"""\
maximum_attempts = {_ATTEMPTS}
[delivery]
acse_timeout = 5
dimse_timeout = 10
backoff_base = 1
backoff_cap = 4
commitment_seconds = {self.commitment_seconds}
{self.more}
"""
        )


@dataclass
class Servers:
    """Postgres and Redis, started when the first row asks for them."""

    folder: Path
    stack: ExitStack
    _postgres: PostgresServer | None = None
    _redis: int = 0

    def postgres(self) -> PostgresServer:
        """A PostgreSQL server for the whole run."""
        if self._postgres is None:
            self._postgres = self.stack.enter_context(running_postgres())
        return self._postgres

    def redis(self) -> RedisServer:
        """A Redis server of one row's own."""
        self._redis += 1
        folder = self.folder / f"redis{self._redis}"
        folder.mkdir()
        server = RedisServer(folder)
        server.start()
        self.stack.callback(server.kill)
        return server


@dataclass
class Bench:
    """One node and all around it."""

    node: FaultyNode
    pacs: RecordingPacs
    redis: RedisServer | None
    proxy: Proxy | None = None  #: before the PACS
    acknowledged: dict[str, str] = field(default_factory=dict)  #: SHA-256 of the data set by SOP Instance UID
    _made: int = 0

    def study(self, **elements: Any) -> Path:
        """A file with a radiograph of a study of its own, not sent yet."""
        self._made += 1
        uid = str(generate_uid(prefix=None))
        values: dict[str, Any] = {
            "StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1", "SOPInstanceUID": f"{uid}.1.1",
            "PatientID": f"P{self._made}", "AccessionNumber": f"A{self._made}", "PatientName": "TEST^FAULT",
        }  # fmt: skip
        return self.write(picture(**(values | elements)))

    def write(self, data_set: Dataset) -> Path:
        """A file with this data set."""
        self._made += 1
        folder = self.node.folder / "sent"
        folder.mkdir(exist_ok=True)
        return build.write(folder / f"{self._made}.dcm", data_set)

    def send(self, *paths: Path) -> list[FileResult]:
        """Send files once; what was acknowledged is remembered. Fewer results than files: the association failed."""
        results = []
        with suppress(DestinationUnavailable):
            for result in scu.send_files(paths, as_destination(self.node), "SENDER", _TIMEOUTS):
                results.append(result)
                if type(result.status) is int and result.status == 0:
                    self._remember(result.path)
        return results

    def send_until_stored(self, *paths: Path, seconds: float = PATIENCE) -> None:
        """Send, as a modality does, until each file is acknowledged."""
        waiting: Sequence[Path] = paths

        def all_stored() -> bool:
            nonlocal waiting
            stored = {result.path for result in self.send(*waiting) if result.stored}
            waiting = [path for path in waiting if path not in stored]
            return not waiting

        wait_for("every file is stored", all_stored, seconds)

    def _remember(self, path: Path) -> None:
        meta, data_set = split_bytes(path.read_bytes())
        uid = str(meta.MediaStorageSOPInstanceUID)
        self.acknowledged[uid] = hashlib.sha256(data_set).hexdigest()

    def inject(self, text: str) -> None:
        """Inject this from now on; at once and whole, as other processes read it."""
        part = self.node.fault_file.with_suffix(".new")
        part.write_text(text, encoding="utf-8")
        part.rename(self.node.fault_file)

    def end_fault(self) -> None:
        """Inject nothing any more."""
        self.node.fault_file.unlink(missing_ok=True)

    def dead(self, role: str) -> bool:
        """Whether a process has ended."""
        return self.node.processes[role].poll() is not None

    def await_death(self, role: str) -> None:
        """Wait until a process has killed itself."""
        wait_for(f"the death of {role}", lambda: self.dead(role), PATIENCE)
        self.node.processes.pop(role)

    def await_settled(self, seconds: float = PATIENCE) -> None:
        """Wait until everything that was acknowledged is screened and delivered."""
        # a question to a large database, which shall not be what keeps the machine busy
        wait_for("everything done", lambda: self.node.settled(received=1), seconds, every=0.25)

    def in_hand(self) -> tuple[list[int], list[int]]:
        """Numbers of the jobs and of the deliveries that somebody holds now."""
        with self.node.session() as session:
            jobs = session.scalars(select(JobRow.id).where(JobRow.state == JobState.CLAIMED)).all()
            deliveries = session.scalars(select(DeliveryRow.id).where(DeliveryRow.state == DeliveryState.SENDING)).all()
        return list(jobs), list(deliveries)

    def await_done(self, jobs: Sequence[int], deliveries: Sequence[int]) -> None:
        """Wait until these are at their end."""

        def done() -> bool:
            with self.node.session() as session:
                open_jobs = select(JobRow.id).where(JobRow.id.in_(jobs), JobRow.state.in_(_OPEN_JOBS))
                unsent = select(DeliveryRow.id).where(DeliveryRow.id.in_(deliveries), DeliveryRow.state.in_(_UNSENT))
                return session.scalar(open_jobs.limit(1)) is None and session.scalar(unsent.limit(1)) is None

        wait_for("what was in hand is done", done, PATIENCE, every=0.25)

    def spooled(self) -> Spool:
        """The node's spool."""
        return Spool(self.node.spool, minimum_free=0)

    def kept_files(self) -> list[Path]:
        """All files in the spool."""
        return [path for path in self.node.spool.glob("?/?/*") if path.is_file()]


@contextmanager
def bench(
    folder: Path,
    mode: str,
    servers: Servers,
    *,
    start: bool = True,
    proxied: bool = False,
    **changes: Any,
) -> Iterator[Bench]:
    """A node of this mode with its PACS; proxied: through a proxy."""
    with ExitStack() as stack:
        pacs = RecordingPacs(folder / "pacs")
        pacs_port = pacs.start()
        stack.callback(pacs.stop)
        proxy = Proxy(pacs_port) if proxied else None
        if proxy is not None:
            stack.callback(proxy.close)
            pacs_port = proxy.port
        redis = None
        if mode == PRODUCTION:
            redis = servers.redis()
            changes = {"broker_url": redis.url} | changes
            if "database_url" not in changes:
                changes["database_url"] = servers.postgres().database()
            stack.callback(redis.kill)
        node = FaultyNode(folder=folder, destination=("STANDIN", pacs_port), quiet_seconds=0.3, **changes)
        pacs.follow(Script(report_to=as_destination(node)))
        made = Bench(node=node, pacs=pacs, redis=redis, proxy=proxy)
        stack.callback(node.stop)
        if start:
            node.start()
        yield made
