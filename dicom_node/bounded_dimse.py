"""DIMSE messages put together from fragments, within limits; what C-STORE brings goes to the spool as it comes.

pynetdicom collects a message in memory for as long as its last fragment does not come, and hands it from thread to
thread. Here a C-STORE is received, stored and answered in the thread that reads the socket; what is no C-STORE goes to
pynetdicom, as a whole message.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dimse_primitives import C_CANCEL
from pynetdicom.pdu_primitives import P_DATA

from dicom_node.arrival import Arrival
from dicom_node.command_set import C_STORE_RQ, COMMAND_FIELD, CommandSet, as_pdus, store_response
from dicom_node.fragments import COMMAND, LAST, Fragment, fragments
from dicom_node.limits import LimitExceeded, Limits
from dicom_node.reception import Answer
from screening import failpoints

logger = logging.getLogger(__name__)


class Stores(Protocol):
    """What becomes of C-STORE requests."""

    def expect(self, association: Association, context_id: int, command_set: CommandSet) -> Arrival:
        """Where the data set of a request goes. KeyError if its context is not accepted, or an element is missing."""
        ...

    def store(self, association: Association, arrival: Arrival) -> Answer:
        """Store what came; never raises."""
        ...


@dataclass(slots=True)
class _Message:
    """A message under way."""

    begun: float
    size: int = 0  #: bytes of it so far
    command: bytearray = field(default_factory=bytearray)
    command_set: CommandSet | None = None  #: when its last fragment is here
    data_set: bytearray | Arrival | None = None


class BoundedDimse(DIMSEServiceProvider):
    """Receives messages for one association. Runs in the thread that reads the socket.

    Parameters
    ----------
    association
        Its association.
    limits
        What is borne with.
    stores
        What becomes of C-STORE requests.
    send
        Sends bytes to the peer.
    on_breach
        Told what the peer did; the association is aborted then.
    """

    def __init__(
        self,
        association: Association,
        limits: Limits,
        stores: Stores,
        send: Callable[[bytes], None],
        on_breach: Callable[[str], None],
    ) -> None:
        super().__init__(association)
        self._limits = limits
        self._stores = stores
        self._send = send
        self._on_breach = on_breach
        self._opened = time.monotonic()
        self._messages = 0
        self._message: _Message | None = None
        self.storing = False  #: whether the peer waits for us, not we for the peer

    def receive(self, value: memoryview) -> None:
        """Take the value of a P-DATA-TF PDU; what cannot be taken ends the association."""
        self._take_all(fragments(value))

    def receive_primitive(self, primitive: P_DATA) -> None:
        """The same by way of pynetdicom's state machine."""
        self._take_all(
            Fragment(context_id, value[0], memoryview(value)[1:])
            for context_id, value in primitive.presentation_data_value_list
        )

    def release(self) -> None:
        """Leave nothing of what did not become an answered request."""
        if self._message is not None and isinstance(self._message.data_set, Arrival):
            self._message.data_set.drop()
        self._message = None

    def _take_all(self, all_of_them: Iterable[Fragment]) -> None:
        try:
            for fragment in all_of_them:
                self._take(fragment)
        except LimitExceeded as exc:
            self._abort(str(exc))
        except Exception as exc:  # noqa: BLE001 (whatever a peer makes up)
            self._abort(f"a message that cannot be read ({type(exc).__name__})")

    def _take(self, fragment: Fragment) -> None:
        message = self._message or self._begin()
        self._weigh(message, len(fragment.value))
        last = bool(fragment.control & LAST)
        if fragment.control & COMMAND:
            if message.command_set is not None:
                raise LimitExceeded("a command in the middle of a message")
            message.command += fragment.value
            if len(message.command) > self._limits.command_bytes:
                raise LimitExceeded(f"a command set of more than {self._limits.command_bytes} bytes")
            if last:
                self._understand(message, fragment.context_id)
            done = last and message.command_set is not None and not message.command_set.has_data_set
        else:
            self._append(message, fragment.value)
            done = last
        if done:
            self._message = None
            self._finish(message, fragment.context_id)

    def _begin(self) -> _Message:
        self._message = _Message(begun=time.monotonic())
        self._messages += 1
        if self._messages > self._limits.association_messages:
            raise LimitExceeded(f"more than {self._limits.association_messages} requests in one association")
        if self._message.begun - self._opened > self._limits.association_seconds:
            raise LimitExceeded(f"an association of more than {self._limits.association_seconds:g} s")
        return self._message

    def _weigh(self, message: _Message, count: int) -> None:
        message.size += count
        if message.size > self._limits.instance_bytes:
            raise LimitExceeded(
                f"an object of more than {self._limits.instance_bytes} bytes; see node.maximum_instance_mb"
            )
        seconds = time.monotonic() - message.begun
        if seconds > self._limits.pdu_seconds and message.size < seconds * self._limits.least_bytes_per_second:
            raise LimitExceeded(f"a message slower than {self._limits.least_bytes_per_second:g} bytes/s")

    def _understand(self, message: _Message, context_id: int) -> None:
        message.command_set = CommandSet(message.command)
        if _is_store(message.command_set):
            message.data_set = self._stores.expect(self.assoc, context_id, message.command_set)
        else:
            message.data_set = bytearray()

    def _append(self, message: _Message, value: memoryview) -> None:
        if message.data_set is None:
            raise LimitExceeded("a data set without a command")
        if isinstance(message.data_set, Arrival):
            message.data_set.write(value)
            return
        message.data_set += value
        if len(message.data_set) > self._limits.information_bytes:
            raise LimitExceeded(
                f"a data set that is no C-STORE request's of more than {self._limits.information_bytes} bytes"
            )

    def _finish(self, message: _Message, context_id: int) -> None:
        if isinstance(message.data_set, Arrival):
            self._store(message, message.data_set, context_id)
        else:
            self._hand_on(message, context_id)

    def _store(self, message: _Message, arrival: Arrival, context_id: int) -> None:
        self.storing = True
        try:
            answer = self._stores.store(self.assoc, arrival)
        finally:
            self.storing = False
        assert message.command_set is not None  # noqa: S101 (there is an arrival; for the type checker)
        response = store_response(message.command_set, answer.status, answer.comment)
        self._send(as_pdus(context_id, response, self.assoc.requestor.maximum_length or 0))
        failpoints.hit("listener.after-response")

    def _hand_on(self, message: _Message, context_id: int) -> None:
        """Let pynetdicom's association serve it."""
        if self.msg_queue.qsize() >= self._limits.unanswered:
            raise LimitExceeded(f"more than {self._limits.unanswered} requests without waiting for answers")
        whole = P_DATA()
        parts = [[context_id, bytes([COMMAND | LAST]) + message.command]]
        if isinstance(message.data_set, bytearray) and message.command_set and message.command_set.has_data_set:
            parts.append([context_id, bytes([LAST]) + message.data_set])
        whole.presentation_data_value_list = parts  # type: ignore[assignment]
        decoded = DIMSEMessage()
        decoded.decode_msg(whole, self.assoc)
        request = decoded.message_to_primitive()
        if not isinstance(request, C_CANCEL):  # of what we offer, nothing can be cancelled
            # storage commitment reports too: pynetdicom would start a thread for each
            self.msg_queue.put((context_id, request))

    def _abort(self, reason: str) -> None:
        self._on_breach(reason)
        self.dul.event_queue.put("Evt19")  # as if an invalid PDU had come


def _is_store(command_set: CommandSet) -> bool:
    return command_set.number(COMMAND_FIELD) == C_STORE_RQ
