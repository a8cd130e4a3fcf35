"""A listener in a process of its own, and what it holds: `python -m benchmarks.fuzz.target FOLDER`.

It prints its port and listens until standard input ends. What Hypothesis keeps of its examples is not in its memory.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import attack_clients as clients
from benchmarks.attacks import SilentLedger
from benchmarks.fuzz.decoders import require, resident
from dicom_node.identity import Timeouts
from dicom_node.limits import Limits
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from screening.settings import Node, Peer

_BACK_SECONDS = 30.0  # for threads and descriptors to be gone; the listener's own time-outs are much shorter


class Target:
    """The listener, seen from outside.

    Raises
    ------
    AssertionError
        By its checks: what is not as it was.
    """

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fuzz.target", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None  # noqa: S101 (a pipe; for the type checker)
        self.port = int(self._process.stdout.readline())
        self.connections = 0
        self._threads, self._files = self._idle()
        self._memory = resident(self._process.pid)

    @property
    def grown(self) -> int:
        """Bytes of memory that it holds more than in the beginning."""
        return resident(self._process.pid) - self._memory

    def require_healthy(self) -> None:
        """Everything that was held is free again, and C-ECHO is answered."""
        require(self._process.poll() is None, "the listener is dead")
        self._require_free()
        require(clients.echoes(self.port), "C-ECHO is not answered")
        # whoever came before the echo has been accepted by now, and may have been only then
        self._require_free()

    def _require_free(self) -> None:
        free = self._wait(lambda: self.threads <= self._threads and self.descriptors <= self._files)
        before = f"{self._threads} and {self._files} before"
        require(free, f"{self.threads} threads and {self.descriptors} descriptors after {_BACK_SECONDS:g} s, {before}")

    @property
    def threads(self) -> int:
        """How many there are."""
        return len(list(Path(f"/proc/{self._process.pid}/task").iterdir()))

    @property
    def descriptors(self) -> int:
        """How many are open."""
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def stop(self) -> None:
        """End it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(_BACK_SECONDS)

    def _idle(self) -> tuple[int, int]:
        """Threads and descriptors when it has served somebody and nobody is there."""
        idle = self.threads, self.descriptors
        clients.echoes(self.port)
        self._wait(lambda: (self.threads, self.descriptors) <= idle)
        return idle

    @staticmethod
    def _wait(true: Callable[[], bool]) -> bool:
        """Whether it became true; what is looked at twice may be another thing the second time."""
        deadline = time.monotonic() + _BACK_SECONDS
        while time.monotonic() < deadline:
            if true():
                return True
            time.sleep(0.005)
        return False


def main() -> None:
    """Listen."""
    listener = Listener(
        Node(bind="127.0.0.1", port=0),
        [Peer(ae_title=clients.CALLING, address="127.0.0.1")],
        [],
        Spool(Path(sys.argv[1]), minimum_free=0),
        SilentLedger(),
        lambda: None,
        Timeouts(acse=2, dimse=2, network=2, connect=2),
        Limits(pdu_seconds=0.5, associations_per_address=30, connections=30),
    )
    print(listener.start(), flush=True)
    sys.stdin.read()
    listener.stop()


if __name__ == "__main__":
    main()
