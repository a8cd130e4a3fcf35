"""DIMSE messages put together from fragments, within limits; what C-STORE brings goes to the spool as it comes.

pynetdicom collects a message in memory for as long as its last fragment does not come.
"""

import logging
import time
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_CANCEL
from pynetdicom.pdu_primitives import P_DATA

from dicom_node.arrival import Arrival
from dicom_node.limits import LimitExceeded, Limits

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

logger = logging.getLogger(__name__)

_COMMAND = 0x01  # bits of the message control header (PS3.8 E.2)


class BoundedDimse(DIMSEServiceProvider):
    """Receives messages for one association. Runs in the thread that reads the socket.

    Parameters
    ----------
    association
        Its association.
    limits
        What is borne with.
    expect
        Where the data set of a C-STORE request goes: by the message, whose command set is complete.
    on_breach
        Told what the peer did; the association is aborted then.
    """

    def __init__(
        self,
        association: Association,
        limits: Limits,
        expect: Callable[[Association, C_STORE_RQ], Arrival],
        on_breach: Callable[[str], None],
    ) -> None:
        super().__init__(association)
        self._limits = limits
        self._expect = expect
        self._on_breach = on_breach
        self._opened = time.monotonic()
        self._messages = 0
        self._begun = 0.0
        self._bytes = 0

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take the fragments of a P-DATA-TF PDU; what cannot be taken ends the association."""
        try:
            for context_id, fragment in primitive.presentation_data_value_list:
                self._take(context_id, fragment)
        except LimitExceeded as exc:
            self._abort(str(exc))
        except Exception as exc:  # noqa: BLE001 (whatever a peer makes up)
            self._abort(f"a message that cannot be read ({type(exc).__name__})")

    def release(self) -> None:
        """Leave nothing of what did not become an answered request."""
        unfinished = [self.message] if self.message is not None else []
        buffers = [message.data_set for message in unfinished]
        while not self.msg_queue.empty():
            _, primitive = self.msg_queue.get()
            buffers.append(getattr(primitive, "DataSet", None))
        for buffer in buffers:
            if isinstance(buffer, Arrival):
                buffer.drop()
        self.message = None

    def _take(self, context_id: int, fragment: bytes) -> None:
        message = self.message or self._begin()
        self._weigh(fragment)
        if not fragment[0] & _COMMAND:
            self._prepare_data_set(message)
        one = P_DATA()
        one.presentation_data_value_list = [[context_id, fragment]]  # type: ignore[list-item]
        if not message.decode_msg(one, self.assoc):
            return
        self.message = None
        if isinstance(message, C_STORE_RQ):
            self._require_arrival(message)
        try:
            if self.msg_queue.qsize() >= self._limits.unanswered:
                raise LimitExceeded(f"more than {self._limits.unanswered} requests without waiting for answers")
            request = message.message_to_primitive()
        except BaseException:
            if isinstance(message.data_set, Arrival):
                message.data_set.drop()
            raise
        if not isinstance(request, C_CANCEL):  # of what we offer, nothing can be cancelled
            # storage commitment reports too: pynetdicom would start a thread for each
            self.msg_queue.put((context_id, request))

    def _begin(self) -> DIMSEMessage:
        self.message = message = DIMSEMessage()
        message.data_set = _Bounded(self._limits.information_bytes, "a data set that is no C-STORE request's")
        message.encoded_command_set = _Bounded(self._limits.command_bytes, "a command set")
        self._begun = time.monotonic()
        self._bytes = 0
        self._messages += 1
        if self._messages > self._limits.association_messages:
            raise LimitExceeded(f"more than {self._limits.association_messages} requests in one association")
        if self._begun - self._opened > self._limits.association_seconds:
            raise LimitExceeded(f"an association of more than {self._limits.association_seconds:g} s")
        return message

    def _weigh(self, fragment: bytes) -> None:
        self._bytes += len(fragment) - 1
        if self._bytes > self._limits.instance_bytes:
            raise LimitExceeded(
                f"an object of more than {self._limits.instance_bytes} bytes; see node.maximum_instance_mb"
            )
        seconds = time.monotonic() - self._begun
        if seconds > self._limits.pdu_seconds and self._bytes < seconds * self._limits.least_bytes_per_second:
            raise LimitExceeded(f"a message slower than {self._limits.least_bytes_per_second:g} bytes/s")

    def _prepare_data_set(self, message: DIMSEMessage) -> None:
        if type(message) is DIMSEMessage:
            raise LimitExceeded("a data set without a command")
        if isinstance(message, C_STORE_RQ):
            self._require_arrival(message)

    def _require_arrival(self, message: C_STORE_RQ) -> None:
        if not isinstance(message.data_set, Arrival):
            message.data_set = self._expect(self.assoc, message)

    def _abort(self, reason: str) -> None:
        self._on_breach(reason)
        self.dul.event_queue.put("Evt19")  # as if an invalid PDU had come


class _Bounded(BytesIO):
    """A buffer that does not grow for ever."""

    def __init__(self, most: int, what: str) -> None:
        super().__init__()
        self._most = most
        self._what = what

    def write(self, data: "ReadableBuffer", /) -> int:
        written = super().write(data)
        if self.tell() > self._most:
            raise LimitExceeded(f"{self._what} of more than {self._most} bytes")
        return written
