"""Tells by e-mail or webhook when something is wrong, and when it is over. What was told is kept in a file of `home`.

Two processes of one home do not tell the same twice: one holds the file's lock while it looks and sends.
"""

import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from screening.errors import Retryable
from screening.faults import describe
from worker.monitoring.notices import Memory, Told, compose
from worker.monitoring.sending import Send, ways
from worker.monitoring.troubles import Trouble, present
from worker.ports import Ports

_log = logging.getLogger(__name__)

_SECONDS = 30.0
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)


class Notifier:
    """The loop: look, tell, remember. A way that fails is left alone for longer each time, and stops no other."""

    def __init__(self, ports: Ports, sends: dict[str, Send] | None = None) -> None:
        self._ports = ports
        self._sends = ways(ports.settings.notify) if sends is None else sends
        self._stopped = threading.Event()
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, datetime] = {}

    def run(self) -> None:
        """Loop until stopped; at once over when nobody is to be told."""
        while self._sends and not self._stopped.is_set():
            self.round()
            self._stopped.wait(_SECONDS)

    def stop(self) -> None:
        """End the loop."""
        self._stopped.set()

    def round(self) -> None:
        """Look once, and tell what is to be told."""
        try:
            with _memories(self._ports.settings.home / "notices.json") as memories:
                if memories is None:
                    return
                troubles = present(self._ports)
                for name, send in self._sends.items():
                    memories[name] = self._tell(name, send, troubles, memories.get(name, {}))
        except Retryable as exc:
            _log.warning("nobody can be told whether something is wrong: %s", exc)
        except Exception as exc:  # noqa: BLE001 (the loop must outlive what it meets)
            _log.error("nobody can be told whether something is wrong: %s", describe(exc))

    def _tell(self, name: str, send: Send, troubles: list[Trouble], memory: Memory) -> Memory:
        """What is remembered of this way afterwards: as before, if it could not be told."""
        now = self._ports.clock()
        if name in self._not_before and now < self._not_before[name]:
            return memory
        notice, after = compose(troubles, memory, self._ports.settings.notify, now)
        if notice is None:
            return after
        try:
            send(notice, self._ports.settings.node.ae_title)
        except Retryable as exc:
            failures = self._failures[name] = self._failures.get(name, 0) + 1
            pause = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
            self._not_before[name] = now + pause
            _log.warning("a notice waits for %g min: %s", pause.total_seconds() / 60, exc)
            return memory
        self._failures.pop(name, None)
        self._not_before.pop(name, None)
        _log.info("told by %s: %d lines", name, len(notice.lines) + len(notice.over))
        return after


@contextmanager
def _memories(path: Path) -> Iterator[dict[str, Memory] | None]:
    """What was told by each way, written back when it changed; None while another process has it.

    A file that cannot be read is begun anew: better twice told than never.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        memories = _parse(file.read())
        before = dict(memories)
        yield memories
        if memories != before:
            file.seek(0)
            file.write(json.dumps(_plain(memories)))
            file.truncate()
            file.flush()
            os.fsync(file.fileno())


def _parse(text: str) -> dict[str, Memory]:
    try:
        return {
            way: {
                key: Told(at=datetime.fromisoformat(told["at"]), number=int(told["number"]))
                for key, told in known.items()
            }
            for way, known in json.loads(text or "{}").items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _plain(memories: dict[str, Memory]) -> dict[str, dict[str, dict[str, object]]]:
    return {
        way: {key: {"at": told.at.isoformat(), "number": told.number} for key, told in memory.items()}
        for way, memory in memories.items()
    }
