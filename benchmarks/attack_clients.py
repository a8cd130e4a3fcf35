"""Peers that misbehave, over plain sockets: what they say, how long they hold the line, what they were answered."""

import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification

VERIFICATION = "1.2.840.10008.1.1"
ECHO_CONTEXT, STORE_CONTEXT = 1, 3

CALLING, CALLED = "ATTACKER", "OPPORTUNE"
A_ABORT = 0x07

HUGE_REQUEST = struct.pack(">BBI", 0x01, 0, 2**32 - 1)
HUGE_DATA = struct.pack(">BBI", 0x04, 0, 2**32 - 1)
HTTP = b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a connection ended."""

    seconds: float | None  #: until the server closed it; None: it did not
    answer: bytes  #: what the server said

    @property
    def aborted(self) -> bool:
        """Whether an A-ABORT was the last word."""
        return len(self.answer) >= 10 and self.answer[-10] == A_ABORT


def request(calling: str = CALLING, called: str = CALLED, more: tuple[str, ...] = ()) -> bytes:
    """An A-ASSOCIATE-RQ for C-ECHO and C-STORE of CT, and further contexts."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = calling, called
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = 16382, UID("1.2.3")
    primitive.user_information = [length, implementation]
    contexts = [build_context(uid, ExplicitVRLittleEndian) for uid in (VERIFICATION, CTImageStorage, *more)]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    primitive.presentation_context_definition_list = contexts
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode())


def connect(port: int, source: str = "127.0.0.1", seconds: float = 60) -> socket.socket:
    """A connection to a server of this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=seconds, source_address=(source, 0))


def establish(port: int, calling: str = CALLING, called: str = CALLED, source: str = "127.0.0.1") -> socket.socket:
    """A connection with an association. Raises ConnectionError if there is none."""
    connection = connect(port, source)
    try:
        connection.sendall(request(calling, called))
        if read_pdu(connection)[0] != 0x02:
            raise ConnectionError("association rejected")
    except BaseException:
        connection.close()
        raise
    return connection


def read_pdu(connection: socket.socket) -> tuple[int, bytes]:
    """Type and body of the next PDU. Raises ConnectionError when there is none."""
    header = _read(connection, 6)
    return header[0], _read(connection, int.from_bytes(header[2:], "big"))


def echo_request(message_id: int = 1) -> bytes:
    """C-ECHO-RQ."""
    primitive = C_ECHO()
    primitive.MessageID = message_id
    primitive.AffectedSOPClassUID = VERIFICATION
    message = C_ECHO_RQ()
    message.primitive_to_message(primitive)
    return b"".join(bytes(P_DATA_TF(p).encode()) for p in message.encode_msg(ECHO_CONTEXT, 16382))


def store_command(message_id: int = 1, sop_instance_uid: str = "1.2.3.4") -> bytes:
    """C-STORE-RQ without its data set."""
    primitive = C_STORE()
    primitive.MessageID = message_id
    primitive.AffectedSOPClassUID = CTImageStorage
    primitive.AffectedSOPInstanceUID = sop_instance_uid
    primitive.Priority = 2
    primitive.DataSet = BytesIO(b"not sent")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    return bytes(P_DATA_TF(next(message.encode_msg(STORE_CONTEXT, 16382))).encode())


def fragment(data: bytes, *, last: bool = False, context_id: int = STORE_CONTEXT) -> bytes:
    """A P-DATA-TF PDU with one fragment of a data set."""
    value = struct.pack(">IBB", len(data) + 2, context_id, 2 if last else 0) + data
    return struct.pack(">BBI", 0x04, 0, len(value)) + value


def echoes(port: int, calling: str = CALLING, called: str = CALLED, source: str = "127.0.0.1") -> bool:
    """Whether a C-ECHO over a new association is answered with Success; compared strictly."""
    try:
        with establish(port, calling, called, source) as connection:
            connection.sendall(echo_request())
            kind, body = read_pdu(connection)
            connection.sendall(struct.pack(">BBII", 0x05, 0, 4, 0))
            released = read_pdu(connection)[0] == 0x06
    except OSError:
        return False
    status = body.rfind(struct.pack("<HHI", 0x0000, 0x0900, 2))
    return kind == 0x04 and status > 0 and body[status + 8 : status + 10] == b"\x00\x00" and released


def ending(connection: socket.socket, seconds: float, begun: float | None = None) -> Ending:
    """Listen until the server closes the connection, for at most so many seconds."""
    begun = time.monotonic() if begun is None else begun
    answer = b""
    while (left := begun + seconds - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            chunk = connection.recv(65536)
        except TimeoutError:
            break
        except ConnectionError:
            chunk = b""
        if not chunk:
            return Ending(seconds=time.monotonic() - begun, answer=answer)
        answer += chunk
    return Ending(seconds=None, answer=answer)


def hold(connection: socket.socket, said: bytes, seconds: float) -> Ending:
    """Say something and no more."""
    begun = time.monotonic()
    with suppress(ConnectionError):
        connection.sendall(said)
    return ending(connection, seconds, begun)


def trickle(connection: socket.socket, pieces: Iterable[bytes], seconds: float, pause: float) -> Ending:
    """Say one piece after the other, with a pause behind each."""
    begun = time.monotonic()
    for piece in pieces:
        with suppress(ConnectionError):
            connection.sendall(piece)
        heard = ending(connection, min(pause, max(0.0, begun + seconds - time.monotonic())))
        if heard.seconds is not None:
            return Ending(seconds=time.monotonic() - begun, answer=heard.answer)
        if time.monotonic() - begun >= seconds:
            break
    return ending(connection, seconds, begun)


def bytewise(said: bytes) -> Iterator[bytes]:
    """It byte by byte."""
    return (said[place : place + 1] for place in range(len(said)))


def slow_message() -> Iterator[bytes]:
    """A C-STORE request in whole but small PDUs."""
    yield store_command()
    while True:
        yield fragment(b"slow")


def pour(connection: socket.socket, pieces: Iterator[bytes], seconds: float) -> int:
    """Send piece after piece until the server closes the connection; bytes that went out."""
    connection.settimeout(seconds)
    sent = 0
    try:
        for piece in pieces:
            connection.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    return sent


def one_long_pdu(total: int, piece: int = 2**16) -> Iterator[bytes]:
    """One P-DATA-TF PDU of so many bytes."""
    yield struct.pack(">BBI", 0x04, 0, total) + struct.pack(">IBB", total - 4, STORE_CONTEXT, 0)
    for _ in range(total // piece):
        yield bytes(piece)


def endless_data_set(total: int, piece: int = 16000) -> Iterator[bytes]:
    """A C-STORE request whose data set has so many bytes and no last fragment."""
    yield store_command()
    each = fragment(bytes(piece))
    for _ in range(total // piece):
        yield each


def _read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise ConnectionError("closed")
        data += chunk
    return data
