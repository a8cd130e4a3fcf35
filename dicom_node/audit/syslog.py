"""Audit messages as syslog (PS3.15 A.6): RFC 5424 over TLS (RFC 5425), TCP with the same framing, or UDP (RFC 5426)."""

import contextlib
import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from screening.clock import now
from screening.errors import DestinationUnavailable

FACILITY = 10  # security and authorization messages
NOTICE, WARNING = 5, 4
MESSAGE_ID = "DICOM+RFC3881"
LARGEST_DATAGRAM = 65_000  # octets; UDP over IPv4 takes 65 507

_SECONDS = 10
_UNTIL_CLOSED = 2.0  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """An audit record repository.

    authority, certificate, key: PEM files, for TLS. Without an authority the system's own are trusted.
    """

    transport: Literal["udp", "tcp", "tls"]
    host: str
    port: int
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def send(self, records: Sequence[bytes]) -> None:
        """Send records in order. When it raises, none may count as received: send all again.

        TCP and TLS: a repository that ends the connection by itself, or resets it, did not take them.

        Raises
        ------
        DestinationUnavailable
            If the repository does not answer, or breaks off.
        """
        try:
            if self.transport == "udp":
                self._send_datagrams(records)
            else:
                self._send_stream(b"".join(b"%d %s" % (len(record), record) for record in records))
        except OSError as exc:
            where = f"{self.transport}://{self.host}:{self.port}"
            raise DestinationUnavailable(f"the audit repository {where} does not take messages: {_why(exc)}") from exc

    def _send_datagrams(self, records: Sequence[bytes]) -> None:
        with contextlib.closing(_datagram_socket(self.host, self.port)) as connection:
            for record in records:
                connection.send(record[:LARGEST_DATAGRAM])

    def _send_stream(self, frames: bytes) -> None:
        with self._connected() as connection:
            connection.sendall(frames)
            if isinstance(connection, ssl.SSLSocket):
                _await_refusal(connection)
                return
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(_UNTIL_CLOSED)
            with contextlib.suppress(TimeoutError):  # some wait for our end; a reset is an OSError
                while connection.recv(1024):
                    pass

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with socket.create_connection((self.host, self.port), timeout=_SECONDS) as plain:
            if self.transport == "tcp":
                yield plain
                return
            with self._context().wrap_socket(plain, server_hostname=self.host) as secure:
                yield secure

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=None if self.authority is None else str(self.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


def record_of(message: str, at: datetime | None = None) -> bytes:
    """A message as a syslog record. Failures are warnings, everything else notices."""
    severity = NOTICE if 'EventOutcomeIndicator="0"' in message else WARNING
    moment = (at or now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    host = "".join(c for c in socket.gethostname() if "!" <= c <= "~")[:255] or "-"
    head = f"<{FACILITY * 8 + severity}>1 {moment} {host} opportune {os.getpid()} {MESSAGE_ID} - "
    return head.encode("ascii") + b"\xef\xbb\xbf" + message.encode("utf-8")


def _datagram_socket(host: str, port: int) -> socket.socket:
    """A UDP socket that is connected, so that a port where nobody listens shows at the next record."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _await_refusal(connection: ssl.SSLSocket) -> None:
    """Wait whether the repository ends the connection: one of TLS 1.3 refuses our certificate after the handshake.

    One that is content says nothing.
    """
    connection.settimeout(_UNTIL_CLOSED)
    try:
        if not connection.recv(1):
            raise ConnectionAbortedError("it ended the connection")
    except TimeoutError:
        with contextlib.suppress(OSError):
            connection.unwrap()


def _why(exc: OSError) -> str:
    if isinstance(exc, ssl.SSLError):
        return f"TLS: {exc.reason or type(exc).__name__}"
    return exc.strerror or str(exc) or type(exc).__name__
