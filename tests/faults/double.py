"""The PACS double: a stand-in that remembers every object it ever took, and can be told anew how to misbehave."""

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from pynetdicom.events import Event

from dicom_node.commitment import Reference
from dicom_node.requestor import AssociationFailed
from dicom_node.standin_pacs import Script, StandinPacs
from screening.settings import Destination

_log = logging.getLogger(__name__)


class RecordingPacs(StandinPacs):
    """Remembers by SOP Instance UID the SHA-256 of each data set that it took."""

    def __init__(self, folder: Path, ae_title: str = "STANDIN") -> None:
        super().__init__(folder, ae_title)
        self.taken: dict[str, list[str]] = {}
        self.asked: list[float] = []  #: moments of C-STORE requests (time.monotonic)
        self.always: int | None = None  #: the status of every C-STORE, before what the script says
        self.lose_next = 0  #: how many of the next objects are answered with Success and not kept
        self.report_twice = False
        self.report_after_seconds = 0.0
        self.slowness = 0.0  #: seconds before each C-STORE response
        self.reporting: threading.Thread | None = None  #: what sends, or sent, the last report
        self._port = 0
        self._mutex = threading.Lock()

    def start(self, address: str = "127.0.0.1", port: int = 0) -> int:
        self._port = super().start(address, port)
        return self._port

    def pause(self) -> None:
        """Be away."""
        self.stop()

    def resume(self) -> None:
        """Be back, at the same port."""
        self._stopping.clear()
        self.start(port=self._port)

    def follow(self, script: Script) -> None:
        """Behave in this way from now on."""
        self.script = script
        self._statuses = deque(script.statuses)

    def _on_store(self, event: Event) -> int:
        self.asked.append(time.monotonic())
        time.sleep(self.slowness)
        uid = str(event.request.AffectedSOPInstanceUID)  # type: ignore[union-attr]
        status = self.always
        if status is not None and status != 0 and not 0xB000 <= status <= 0xBFFF:
            return status
        with self._mutex:
            lost = self.lose_next > 0
            self.lose_next -= lost
        if lost:
            return 0x0000
        answered = super()._on_store(event)
        if (answered == 0 or 0xB000 <= answered <= 0xBFFF) and not self.script.lose:
            digest = hashlib.sha256(event.encoded_dataset(include_meta=False)).hexdigest()
            with self._mutex:
                self.taken.setdefault(uid, []).append(digest)
        return answered if status is None else status

    def report(self, to: Destination, transaction_uid: str, references: Sequence[Reference]) -> None:
        self.reporting = threading.current_thread()
        time.sleep(self.report_after_seconds)
        for _ in range(2 if self.report_twice else 1):
            try:
                super().report(to, transaction_uid, references)
            except AssociationFailed as exc:  # the node was killed: it asks again when it is back
                _log.info("a report did not go out: %s", exc)
                return
