"""The receivers, each started anew with an empty store for each run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.receive.sender import CALLED
from tests.servers.dcmtk import dcmtk
from tests.servers.orthanc import configuration
from tests.servers.postgres import PostgresServer, free_port

_START_SECONDS = 60
_WITHOUT_NAGLE = {"TCP_NODELAY": "1"}
"""DCMTK leaves Nagle's algorithm on: over the loopback it waits 40 ms for an acknowledgement with each object then."""


@dataclass(frozen=True, slots=True)
class Running:
    """A receiver that listens."""

    port: int
    process: "subprocess.Popen[bytes]"

    def processor_seconds(self) -> float:
        """What it and its children that ended have used."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        fields = text.rpartition(")")[2].split()
        return sum(int(fields[place]) for place in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")  # proc(5): utime ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """A kind of receiver."""

    name: str
    what: str  #: is done before Success is answered
    command: Callable[[Path, int], list[str]]  #: by folder and port
    environment: Mapping[str, str] = field(default_factory=dict)
    says_its_port: bool = False

    @contextmanager
    def running(self, folder: Path) -> Iterator[Running]:
        """Run it on an empty folder of this name. Raises RuntimeError if it does not start."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        wanted = free_port()
        process = subprocess.Popen(
            self.command(folder, wanted), env=os.environ | self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if self.says_its_port else subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = int(process.stdout.readline()) if process.stdout is not None else wanted
            self._wait_for(port, process)
            yield Running(port, process)
        finally:
            process.terminate()
            process.wait(_START_SECONDS)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _wait_for(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self.name} does not listen on port {port}")


def _module(name: str, *arguments: str) -> Callable[[Path, int], list[str]]:
    return lambda folder, _: [sys.executable, "-m", f"benchmarks.receive.{name}", str(folder), *arguments]


def _orthanc(folder: Path, port: int) -> list[str]:
    """As packaged: it flushes each file and registers it in SQLite."""
    path = folder / "orthanc.json"
    settings = configuration(folder, free_port(), port) | {"DicomAet": CALLED, "Plugins": []}
    path.write_text(json.dumps(settings), encoding="utf-8")
    return ["Orthanc", str(path)]


OURS = Receiver(name="Opportune", what="flushed and registered (SQLite)", command=_module("ours"), says_its_port=True)
ORTHANC = Receiver(name="Orthanc", what="flushed and registered (SQLite)", command=_orthanc, environment=_WITHOUT_NAGLE)
STORESCP = Receiver(
    name="storescp", what="written", environment=_WITHOUT_NAGLE,
    command=lambda folder, port: [dcmtk("storescp"), "-q", "-od", str(folder), "-pdu", "131072", "--fork", str(port)],
)  # fmt: skip
NAIVE = Receiver(
    name="pynetdicom's example", what="decoded, encoded, written", command=_module("naive"), says_its_port=True
)


def ours_on(server: PostgresServer) -> Receiver:
    """Our listener with PostgreSQL; each run has its own database."""

    def command(folder: Path, port: int) -> list[str]:
        return _module("ours", server.database())(folder, port)

    return Receiver(
        name="Opportune, PostgreSQL", what="flushed and registered (PostgreSQL)", command=command, says_its_port=True
    )
