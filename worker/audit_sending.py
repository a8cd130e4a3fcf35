"""Takes audit messages to their file and their repository, in order; what cannot go now waits in the database."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing

from db import audit_messages
from db.audit_messages import Waiting, Way
from db.engine import transaction
from dicom_node.audit.syslog import Repository, record_of
from screening.errors import Retryable, SpoolUnavailable
from screening.faults import describe
from screening.log_settings import Audit
from worker.ports import Ports
from worker.rotating import PrivateFile

_log = logging.getLogger(__name__)

_SECONDS = 2.0
_LONGEST_PAUSE = 60.0


class AuditSender:
    """The loop: to the file, to the repository, away."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._stopped = threading.Event()
        settings = ports.settings.audit
        self._repository = None if settings.syslog is None else _repository(settings)
        self._ways = [Way.FILE] if self._repository is None else [Way.FILE, Way.SYSLOG]

    def run(self) -> None:
        """Loop until stopped; then once more, so that the end of this process is told too."""
        pause = _SECONDS
        while not self._stopped.wait(pause):
            pause = _SECONDS if self.round() else min(pause * 2, _LONGEST_PAUSE)
        self.round()

    def stop(self) -> None:
        """End the loop."""
        self._stopped.set()

    def round(self) -> bool:
        """Take everything where it can go; whether all could."""
        filed = self._guarded(self._write)
        sent = self._repository is None or self._guarded(self._send)
        return filed and sent and self._guarded(self._remove)

    def _guarded(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except Retryable as exc:
            _log.warning("audit messages wait: %s", exc)
            return False
        except Exception as exc:  # noqa: BLE001 (the loop must outlive whatever a message provokes)
            _log.error("audit messages wait: %s", describe(exc))
            return False
        return True

    def _write(self) -> None:
        self._drain(Way.FILE, self._append)

    def _send(self) -> None:
        assert self._repository is not None  # noqa: S101 (see `round`)
        repository = self._repository
        self._drain(Way.SYSLOG, lambda batch: repository.send([record_of(item.message, item.at) for item in batch]))

    def _drain(self, way: Way, take: Callable[[list[Waiting]], None]) -> None:
        """Take batch after batch this way. One that was taken but could not be marked is taken again."""
        while True:
            with transaction(self._ports.sessions, read_only=True) as session:
                batch = audit_messages.waiting(session, way)
            if not batch:
                return
            take(batch)
            with transaction(self._ports.sessions) as session:
                audit_messages.went(session, way, [item.message_id for item in batch])

    def _append(self, batch: list[Waiting]) -> None:
        settings = self._ports.settings
        try:
            with closing(PrivateFile(settings.audit_file, settings.audit.file_mb, settings.audit.files)) as file:
                for item in batch:
                    file.write(item.message)
                file.sync()
        except OSError as exc:
            raise SpoolUnavailable(f"the file {settings.audit_file} cannot be written: {exc.strerror}") from exc

    def _remove(self) -> None:
        with transaction(self._ports.sessions, read_only=True) as session:
            if not audit_messages.any_wait(session):
                return  # most rounds: they need not wait for writers
        with transaction(self._ports.sessions) as session:
            audit_messages.remove_through(session, self._ways)


def _repository(settings: Audit) -> Repository:
    assert settings.syslog is not None  # noqa: S101 (asked by the caller)
    return Repository(
        transport=settings.syslog, host=settings.host, port=settings.port, authority=settings.authority,
        certificate=settings.certificate, key=settings.key,
    )  # fmt: skip
