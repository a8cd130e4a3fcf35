"""pynetdicom's upper layer for associations that we accept: waits for events, and reads P-DATA without detours.

pynetdicom's own loop looks a thousand times a second whether something came, and passes each PDU through six copies,
two queues and a state machine that has one answer to it.
"""

import logging
import os
import queue
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import StateMachine

if TYPE_CHECKING:
    from dicom_node.bounded_association import BoundedAssociation
    from dicom_node.bounded_socket import BoundedSocket

logger = logging.getLogger(__name__)

_ABORT = bytes([0x07, 0, 0, 0, 0, 4, 0, 0, 2, 0])  # A-ABORT by the service provider, no reason given (PS3.8 9.3.8)
_DATA_TRANSFER = "Sta6"  # association established and ready for data transfer (PS3.8 table 9-3)
_LOOK_SECONDS = 0.25
"""How long a round of either loop may wait for events: timers are looked at in between."""

_NEEDED = {
    DULServiceProvider: ("_read_pdu_data", "_process_recv_primitive", "_is_transport_event", "kill_dul", "send_pdu"),
    Association: ("_run_reactor", "_serve_request", "kill"),
    StateMachine: ("do_action",),
}
"""What the classes below lean on, and pynetdicom does not promise."""


def missing_internals() -> list[str]:
    """What this pynetdicom lacks of what we lean on; empty where all is as it was."""
    return [f"{cls.__name__}.{name}" for cls, names in _NEEDED.items() for name in names if not hasattr(cls, name)]


class OrderlyUpperLayer(DULServiceProvider):
    """pynetdicom's upper layer, which ends in order whatever comes."""

    def run(self) -> None:
        """Serve the connection to its end."""
        try:
            super().run()
        except Exception as exc:  # noqa: BLE001 (whatever a peer makes up)
            logger.warning("association aborted: %s", type(exc).__name__)
            if self.socket is not None:
                self.socket.send(_ABORT)
                self.socket.close()
        finally:
            if self.assoc.requestor.primitive is None:
                # the association's thread waits for a request that will not come
                cast("queue.Queue[object]", self.to_user_queue).put(None)


class UpperLayer(OrderlyUpperLayer):
    """The same, faster.

    Parameters
    ----------
    association
        Whose upper layer it is.
    receive
        Takes the variable field of a P-DATA-TF PDU, which is gone when it returns.
    """

    def __init__(self, association: "BoundedAssociation", receive: Callable[[memoryview], None]) -> None:
        super().__init__(association)
        self._receive = receive
        self._bell = Bell()
        self.to_user_queue = RingingQueue(association.checkpoint.set)

    def run(self) -> None:
        """See OrderlyUpperLayer."""
        try:
            super().run()
        finally:
            self._bell.close()
            cast("BoundedAssociation", self.assoc).checkpoint.set()

    def run_reactor(self) -> None:
        """As pynetdicom's: primitives of ours first, then what came, then what follows from it."""
        self._idle_timer.start()
        self.assoc._dul_ready.set()
        while not self._kill_thread:
            if self.artim_timer.expired:
                self.event_queue.put("Evt18")
            if not self._process_recv_primitive() and self._is_transport_event():
                self._idle_timer.restart()
            try:
                event = self.event_queue.get(block=False)
            except queue.Empty:
                self._wait()
            else:
                self.state_machine.do_action(event)

    def send_pdu(self, primitive: Any) -> None:
        """Have a primitive sent."""
        super().send_pdu(primitive)
        self._bell.ring()

    def kill_dul(self) -> None:
        """End the loop."""
        super().kill_dul()
        self._bell.ring()

    def stop_dul(self) -> bool:
        """End the loop if there is no connection any more."""
        if self.state_machine.current_state == "Sta1":
            self.kill_dul()
        return super().stop_dul()

    def idle_timer_expired(self) -> bool:
        """Whether the peer has been silent for too long. While we store its object, it waits for us."""
        return not cast("BoundedAssociation", self.assoc).storing and super().idle_timer_expired()

    def _read_pdu_data(self) -> None:
        """Read what came: P-DATA on an established association here, everything else as pynetdicom does."""
        transport = cast("BoundedSocket", self.socket)
        taken = False
        try:
            while self._may_receive():
                value = transport.next_data()
                if value is None:
                    break
                self._receive(value)
                taken = True
                if not transport.buffered:
                    break
        except OSError:
            self.event_queue.put("Evt17")
            return
        if not taken:
            super()._read_pdu_data()

    def _may_receive(self) -> bool:
        """Whether data may come now, and nothing else waits for its turn."""
        return (
            self.state_machine.current_state == _DATA_TRANSFER
            and not self._kill_thread
            and self.event_queue.empty()
            and self.to_provider_queue.empty()
        )

    def _wait(self) -> None:
        poll = select.poll()
        self._bell.register(poll)
        connection = self.socket.socket if self.socket is not None else None
        if connection is not None and connection.fileno() >= 0:
            poll.register(connection.fileno(), select.POLLIN)
        poll.poll(_LOOK_SECONDS * 1000)
        self._bell.silence()


class Bell:
    """Ends the wait of a thread in `poll`."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()  # a descriptor that was closed may be another file by now

    def ring(self) -> None:
        """End the wait, now or when it begins."""
        with self._lock:
            if self._descriptor >= 0:
                os.eventfd_write(self._descriptor, 1)

    def register(self, poll: "select.poll") -> None:
        """Let a poll wait for it as well."""
        if self._descriptor >= 0:
            poll.register(self._descriptor, select.POLLIN)

    def silence(self) -> None:
        """It was heard."""
        with self._lock:
            if self._descriptor >= 0:
                with suppress(BlockingIOError):
                    os.eventfd_read(self._descriptor)

    def close(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1


class RingingQueue(queue.Queue[Any]):
    """A queue that tells when something was put into it, and when something is left in it."""

    def __init__(self, ring: Callable[[], None]) -> None:
        super().__init__()
        self._ring = ring

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an item."""
        super().put(item, block, timeout)
        self._ring()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take an item."""
        item = super().get(block, timeout)
        if not self.empty():
            self._ring()
        return item


class Checkpoint(threading.Event):
    """What pynetdicom's association waits for in each round of its loop: here, until there is something to do.

    The round goes on when it is set, and at the latest after `_LOOK_SECONDS`.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for something to do."""
        was_set = super().wait(_LOOK_SECONDS if timeout is None else timeout)
        self.clear()
        return was_set
