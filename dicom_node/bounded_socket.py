"""The acceptor's side of a connection: reads with an end in size and time.

pynetdicom reads a PDU as long as its header says, which may be 4 GiB, and waits for each piece of it anew.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from pynetdicom.association import Association

from dicom_node.identity import ClosingSocket
from dicom_node.limits import LimitExceeded, Limits

HEADER_BYTES = 6
"""Type, reserved byte and length of a PDU (PS3.8 9.3.1)."""

MARGIN = 1024
"""Bytes by which a P-DATA-TF PDU may be longer than we said: some peers count headers in, others do not."""

_ASSOCIATE_RQ, _ASSOCIATE_AC, _P_DATA = 0x01, 0x02, 0x04
_LAST_TYPE = 0x07
_SHORT = 64  # of the other types: PS3.8 gives them 4 bytes

_AT_ONCE = 2**20
"""Bytes that are taken from the kernel at once while data comes."""


class BoundedSocket(ClosingSocket):
    """Reads PDUs of bounded size within a bounded time.

    Parameters
    ----------
    association
        Whose connection it is.
    connection
        The accepted socket; TLS is established.
    limits
        What is borne with.
    on_breach
        Told what the peer did; the association is aborted then.
    """

    def __init__(
        self,
        association: Association,
        connection: socket.socket,
        limits: Limits,
        on_breach: Callable[[str], None],
    ) -> None:
        super().__init__(association, client_socket=connection)
        self._limits = limits
        self._seconds = min(limits.pdu_seconds, association.network_timeout or limits.pdu_seconds)
        self._on_breach = on_breach
        self._deadline = 0.0
        self._in_pdu = False
        self._condemned = False
        self._buffer = bytearray()  #: made when the first data comes
        self._view = memoryview(self._buffer)
        self._at = self._end = 0  #: of what is in the buffer and not taken yet

    def recv(self, nr_bytes: int) -> bytearray:
        """The next bytes of a PDU; fewer when the peer is gone.

        pynetdicom asks for a header first and then for as many bytes as it announced. A header that we do not accept
        is handed up as one of no PDU.

        Raises
        ------
        TimeoutError
            If the PDU takes too long.
        """
        if self._condemned:
            return bytearray()  # what comes after the A-ABORT interests nobody
        if self._in_pdu:
            self._in_pdu = False
            return self._read(nr_bytes)
        self._begin_pdu()
        first = self._read(1)
        if not first:
            return first
        try:
            _require_type(first[0])
            header = first + self._read(HEADER_BYTES - 1)
            if len(header) == HEADER_BYTES:
                self._require_length(header)
        except LimitExceeded as exc:
            self._breach(str(exc))
            return bytearray(HEADER_BYTES)  # type 0, which there is not: pynetdicom answers with an A-ABORT
        self._in_pdu = len(header) == HEADER_BYTES
        return header

    @property
    def ready(self) -> bool:
        """Whether there is something to read."""
        return self.socket is not None and (self.buffered or bool(super().ready))

    @property
    def buffered(self) -> bool:
        """Whether something was read and not taken yet."""
        return self._end > self._at

    def next_data(self) -> memoryview | None:
        """The variable field of the P-DATA-TF PDU that comes next. It is gone at the next call.

        None: something else comes, or nothing any more; `recv` reads or refuses it.

        Raises
        ------
        TimeoutError
            If the PDU takes too long.
        """
        if self._condemned or self.socket is None:
            return None
        if not self._buffer:
            self._buffer = bytearray(max(_AT_ONCE, 2 * (self._limits.pdu_bytes + MARGIN)))
            self._view = memoryview(self._buffer)
        self._begin_pdu()
        if not self._fill(1) or self._buffer[self._at] != _P_DATA or not self._fill(HEADER_BYTES):
            return None
        length = int.from_bytes(self._view[self._at + 2 : self._at + HEADER_BYTES], "big")
        if length > self._limits.pdu_bytes + MARGIN or not self._fill(HEADER_BYTES + length):
            return None
        start = self._at + HEADER_BYTES
        self._at = start + length
        return self._view[start : self._at]

    def send(self, bytestream: bytes) -> None:
        """Send; a peer that does not read in `network_timeout` seconds counts as gone."""
        connection = self.socket
        if connection is None:
            return
        with suppress(OSError):  # closed meanwhile: `send` finds out, and tells
            connection.settimeout(self.assoc.network_timeout)
        super().send(bytestream)

    def release(self) -> None:
        """Let go of the buffer: nothing is read any more, and an association lives on until garbage is collected."""
        self._at = self._end = 0
        self._view, self._buffer = memoryview(b""), bytearray()

    def condemn(self) -> None:
        """Read no more of it: it is about to be aborted."""
        self._condemned = True

    def _require_length(self, header: bytearray) -> None:
        pdu_type, length = header[0], int.from_bytes(header[2:], "big")
        if pdu_type in (_ASSOCIATE_RQ, _ASSOCIATE_AC):
            most = self._limits.request_bytes
        elif pdu_type == _P_DATA:
            most = self._limits.pdu_bytes + MARGIN
        else:
            most = _SHORT
        if length > most:
            raise LimitExceeded(f"a PDU of type {pdu_type:#04x} with {length} bytes, of which {most} are taken")

    def _begin_pdu(self) -> None:
        self._deadline = time.monotonic() + self._seconds

    def _read(self, count: int) -> bytearray:
        """So many bytes; fewer when the peer is gone."""
        if self.socket is None:
            return bytearray()
        buffer = bytearray(count)
        view = memoryview(buffer)
        have = min(count, self._end - self._at)
        view[:have] = self._view[self._at : self._at + have]
        self._at += have
        while have < count:
            got = self._receive_into(view[have:])
            if got == 0:
                break
            have += got
        view.release()
        return buffer[:have]

    def _fill(self, count: int) -> bool:
        """Have so many bytes in the buffer; False when the peer is gone."""
        while self._end - self._at < count:
            if self._at and (self._at == self._end or self._at + count > len(self._buffer)):
                rest = bytes(self._view[self._at : self._end])
                self._view[: len(rest)] = rest
                self._at, self._end = 0, len(rest)
            with suppress(OSError):  # a peer that sends header and body apart waits for this acknowledgement
                cast("socket.socket", self.socket).setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            got = self._receive_into(self._view[self._end :])
            if got == 0:
                return False
            self._end += got
        return True

    def _receive_into(self, view: memoryview) -> int:
        """Wait for bytes until the PDU's time is over; 0 when the peer is gone."""
        connection = self.socket
        left = self._deadline - time.monotonic()
        if connection is None:
            return 0
        if left > 0:
            connection.settimeout(left)
            with suppress(TimeoutError):
                return connection.recv_into(view)
        reason = f"a PDU that took longer than {self._seconds:g} s"
        self._breach(reason)
        raise TimeoutError(reason)

    def _breach(self, reason: str) -> None:
        self._condemned = True
        self._on_breach(reason)


def _require_type(pdu_type: int) -> None:
    if not _ASSOCIATE_RQ <= pdu_type <= _LAST_TYPE:
        raise LimitExceeded(f"a PDU of the unknown type {pdu_type:#04x}")
