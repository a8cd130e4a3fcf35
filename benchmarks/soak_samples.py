"""What a node's processes hold, asked every few seconds from outside."""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from sqlalchemy import text

from tests.faults.bench import Bench

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """By one role: its process and that one's children."""

    megabytes: float  #: resident
    files: int
    threads: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One moment."""

    seconds: float  #: since the begin
    held: Mapping[str, Held]  #: by role
    log_megabytes: float  #: the database's write-ahead log
    waiting: int  #: jobs that are not done


class Sampler:
    """Samples in a thread of its own while it is entered; leaving it raises what a sample raised."""

    def __init__(self, made: Bench, every_seconds: float) -> None:
        self.samples: list[Sample] = []
        self._made, self._every = made, every_seconds
        self._stop = Event()
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._sampling = self._thread.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.shutdown()
        self._sampling.result()

    def _run(self) -> None:
        begin = time.monotonic()
        while not self._stop.wait(self._every):
            jobs = self._made.node.counts()["jobs"]
            self.samples.append(
                Sample(
                    seconds=time.monotonic() - begin,
                    held={role: held(process.pid) for role, process in self._made.node.processes.items()},
                    log_megabytes=_log_bytes(self._made) / 2**20,
                    waiting=sum(jobs[state] for state in ("ready", "claimed", "retry_wait")),
                )
            )


def held(pid: int) -> Held:
    """What a process and its descendants hold. One that ends meanwhile counts as nothing."""
    members = list(_family(pid))
    return Held(
        megabytes=sum(_resident(member) for member in members) / 2**20,
        files=sum(_count(member, "fd") for member in members),
        threads=sum(_count(member, "task") for member in members),
    )


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:
            continue
        for child in below:
            yield from _family(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def _count(pid: int, what: str) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/{what}").iterdir()))
    except OSError:
        return 0


def _log_bytes(made: Bench) -> int:
    if made.node.database_url is None:
        log = made.node.folder / "opportune-data" / "opportune.sqlite-wal"
        return log.stat().st_size if log.exists() else 0
    with made.node.session() as session:
        return int(session.execute(text("SELECT coalesce(sum(size), 0) FROM pg_ls_waldir()")).scalar_one())
