"""A node in processes of its own, as it runs in a hospital: started, killed and asked."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import status
from db.engine import make_engine, make_sessions, transaction
from db.study_report import describe_study
from db.tables import StudyRow

T = TypeVar("T")

ROLES = ("listener", "reconciler", "worker", "delivery")


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, ask: Callable[[], T | None], seconds: float, every: float = 0.02) -> T:
    """The first answer that is not None or False; fails the test when none comes in time.

    every: seconds between two questions.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(every)


@dataclass
class NodeUnderTest:
    """One node: its folder, its settings and its processes.

    Without a broker it is one process, `opportune serve`; with one it is a process for each role.
    """

    folder: Path
    destination: tuple[str, int]  #: AE title and port on the loopback
    database_url: str | None = None
    broker_url: str | None = None
    quiet_seconds: float = 0.5
    when: str = "always"
    commitment: str = "c-find"
    batch_size: int = 1  #: radiographs that may go through the child together
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    logs_in: Path | None = None  #: folder of the logs, this node's by default

    ae_title = "OPPORTUNE"
    module = "worker"  #: what is run, with a role for its argument
    engine = "torch"  # at once; OpenVINO compiles first
    minimum_free_mb = 64
    reconcile_seconds = 1
    patience = 60.0  #: seconds until the listener answers

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "opportune.toml").write_text(self._toml(), encoding="utf-8")

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the processes that make this node."""
        return ("serve",) if self.broker_url is None else ROLES

    def start(self, *roles: str) -> None:
        """Start these roles (all by default) and wait until the listener answers."""
        for role in roles or self.roles:
            with ((self.logs_in or self.folder) / f"{role}.log").open("ab") as log:
                self.processes[role] = subprocess.Popen(
                    [sys.executable, "-m", self.module, role], cwd=self.folder, env=self._environment(),
                    stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                )  # fmt: skip
        if {"serve", "listener"} & set(self.processes):
            wait_for("listener", self._listens, self.patience)

    def kill(self, role: str) -> None:
        """SIGKILL to one process."""
        process = self.processes.pop(role)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """SIGTERM to every process; SIGKILL to one that does not mind it."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.processes.clear()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the node to its end."""
        return subprocess.run(
            [sys.executable, "-m", self.module, *arguments], cwd=self.folder, env=self._environment(),
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def counts(self) -> dict[str, Any]:
        """What `opportune status --json` would print now, asked of the database without a new process."""
        with self.session() as session:
            return status.counts(session)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction on the node's database."""
        engine = self._engine()
        try:
            with transaction(make_sessions(engine), read_only=True) as session:
                yield session
        finally:
            engine.dispose()

    def studies(self) -> list[dict[str, Any]]:
        """What `opportune study show --json` would print of every study."""
        with self.session() as session:
            uids = session.scalars(select(StudyRow.study_instance_uid).order_by(StudyRow.id))
            return [describe_study(session, uid, quiet_seconds=self.quiet_seconds) for uid in uids]

    def settled(self, *, received: int) -> bool:
        """Whether so many instances were received and everything that follows from them is done."""
        counts = self.counts()
        instances, jobs = counts["instances"], counts["jobs"]
        if sum(instances.values()) < received or instances["received"]:
            return False
        if counts["associations"]["open"] or any(jobs[state] for state in ("ready", "claimed", "retry_wait")):
            return False
        if sum(counts["decisions"].values()) < counts["studies"]:  # each study was taken in
            return False
        waiting = ("pending", "sending", "sent", "commit_requested")
        return not any(states[state] for states in counts["deliveries"].values() for state in waiting)

    def logs(self) -> str:
        """What every process wrote."""
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def _engine(self) -> Engine:
        return make_engine(self.database_url or f"sqlite:///{self.folder / 'opportune-data' / 'opportune.sqlite'}")

    def _listens(self) -> bool:
        for role, process in self.processes.items():
            assert process.poll() is None, f"{role} ended: {(self.folder / f'{role}.log').read_text()}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPPORTUNE_")}
        if self.database_url is not None:
            environment["OPPORTUNE_DATABASE_URL"] = self.database_url
        if self.broker_url is not None:
            environment["OPPORTUNE_BROKER_URL"] = self.broker_url
        environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
        return environment

    def _toml(self) -> str:
        ae_title, port = self.destination
        return f"""
[node]
ae_title = "{self.ae_title}"
bind = "127.0.0.1"
port = {self.port}
quiet_seconds = {self.quiet_seconds}
minimum_free_mb = {self.minimum_free_mb}
[[peers]]
ae_title = "SENDER"
address = "127.0.0.1"
[[destinations]]
name = "pacs"
ae_title = "{ae_title}"
address = "127.0.0.1"
port = {port}
accept_evidence = ["simulation", "research", "site-validated"]
commitment = "{self.commitment}"
{self._models()}
[worker]
threads = 1
engine = "{self.engine}"
batch_size = {self.batch_size}
reconcile_seconds = {self.reconcile_seconds}
"""

    def _models(self) -> str:
        return f"""
[models.cap_mortality_cxr]
enabled = true
when = "{self.when}"
indication = {{ words = ["pneumonia"] }}
"""
