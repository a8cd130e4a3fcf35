"""The acceptor's side of a connection: reads with an end in size and time.

pynetdicom reads a PDU as long as its header says, which may be 4 GiB, and waits for each piece of it anew.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

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
        self._deadline = time.monotonic() + self._seconds
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

    def send(self, bytestream: bytes) -> None:
        """Send; a peer that does not read in `network_timeout` seconds counts as gone."""
        connection = self.socket
        if connection is None:
            return
        with suppress(OSError):  # closed meanwhile: `send` finds out, and tells
            connection.settimeout(self.assoc.network_timeout)
        super().send(bytestream)

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

    def _read(self, count: int) -> bytearray:
        if self.socket is None:
            return bytearray()
        buffer = bytearray(count)
        view = memoryview(buffer)
        have = 0
        while have < count:
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            self.socket.settimeout(left)
            try:
                got = self.socket.recv_into(view[have:])
            except TimeoutError:
                break
            if got == 0:
                view.release()
                return buffer[:have]
            have += got
        view.release()
        if have < count:
            reason = f"a PDU that took longer than {self._seconds:g} s"
            self._breach(reason)
            raise TimeoutError(reason)
        return buffer

    def _breach(self, reason: str) -> None:
        self._condemned = True
        self._on_breach(reason)


def _require_type(pdu_type: int) -> None:
    if not _ASSOCIATE_RQ <= pdu_type <= _LAST_TYPE:
        raise LimitExceeded(f"a PDU of the unknown type {pdu_type:#04x}")
