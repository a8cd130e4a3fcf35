"""A stand-in for an audit record repository: takes syslog over UDP, TCP or TLS, and may be away."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Taken(list[bytes]):
    """The records that came, each without its octet count."""

    port = 0


@contextmanager
def running_repository(transport: str, context: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Taken]:
    """A repository on a port of the loopback."""
    taken, stopping = Taken(), threading.Event()
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.settimeout(0.05)
        if transport != "udp":
            server.listen()
        taken.port = server.getsockname()[1]
        serve = _datagrams if transport == "udp" else _streams
        thread = threading.Thread(target=serve, args=(server, context, taken, stopping), daemon=True)
        thread.start()
        try:
            yield taken
        finally:
            stopping.set()
            thread.join(10)


def _datagrams(server: socket.socket, _: None, taken: Taken, stopping: threading.Event) -> None:
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            taken.append(server.recv(65536))


def _streams(server: socket.socket, context: ssl.SSLContext | None, taken: Taken, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        connection.settimeout(10)
        with connection, contextlib.suppress(OSError):
            stream = context.wrap_socket(connection, server_side=True) if context is not None else connection
            taken += _frames(stream)
            stream.close()


def _frames(stream: socket.socket) -> list[bytes]:
    """Every record of a stream: octet count, blank, octets (RFC 6587 3.4.1)."""
    data = b""
    while chunk := stream.recv(65536):
        data += chunk
    found = []
    while data:
        count, _, data = data.partition(b" ")
        found.append(data[: int(count)])
        data = data[int(count) :]
    return found


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A new authority, and a certificate and key of it for 127.0.0.1: three PEM files."""
    authority, key, certificate = folder / "ca.pem", folder / "node.key", folder / "node.pem"
    for command in (
        f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=audit-ca"
        f" -keyout {folder}/ca.key -out {authority}",
        f"req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 -keyout {key}"
        f" -out {folder}/node.csr -addext subjectAltName=IP:127.0.0.1",
        f"x509 -req -in {folder}/node.csr -CA {authority} -CAkey {folder}/ca.key -CAcreateserial -days 2"
        f" -copy_extensions copyall -out {certificate}",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    return authority, certificate, key
