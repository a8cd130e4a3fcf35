"""What hostile peers do to our listener and to pynetdicom's own server, as the tables of docs/attacks.md.

Both servers run in a process of their own with the same time-outs. Memory, threads and descriptors are that process's.
"""

import argparse
import multiprocessing
import socket
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from pathlib import Path

from pydicom.uid import CTImageStorage
from pynetdicom import AE, evt
from pynetdicom.events import EventHandlerType
from pynetdicom.transport import ThreadedAssociationServer

from benchmarks import attack_clients as clients
from benchmarks.certificates import Authority
from dicom_node.identity import Timeouts
from dicom_node.limits import Limits
from dicom_node.listener import Listener
from dicom_node.registrar import Batch
from dicom_node.spool import Spool
from screening.settings import Node, Peer, Tls

TIMEOUTS = Timeouts(acse=3, dimse=5, network=5, connect=5)
PDU_SECONDS = 4
PEER = "127.0.0.2"
STRANGER = "127.0.0.3"
STOCK, OURS = "pynetdicom", "Opportune"
_START_SECONDS = 120
_MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server that runs in another process."""

    pid: int
    port: int
    tls_port: int

    def resident(self) -> float:
        """Memory, MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096 / _MEGABYTE

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


class SilentLedger:
    """Takes everything, keeps nothing."""

    def write(self, batch: Batch) -> None:
        for entry in batch.opened:
            entry.number = 1

    def refuse_association(self, **_: object) -> None: ...

    def close_stale(self) -> int:
        return 0

    def intake_paused(self) -> bool:
        return False

    def withdraw(self, spool_name: str, reason: str) -> None: ...

    def refuse(self, **_: object) -> None: ...

    def is_registered(self, spool_name: str) -> bool:  # noqa: ARG002
        return True

    def spool_failed(self, detail: str) -> None: ...

    def is_own_output(self, sop_instance_uid: str) -> bool:  # noqa: ARG002
        return False

    def commitment_reported(self, **_: object) -> bool:
        return False


def _serve_ours(folder: Path, ports: "multiprocessing.Queue[tuple[int, int]]", stop: Event) -> None:
    authority = Authority(folder / "ca")
    ours = authority.certificate("opportune")
    node = Node(bind="127.0.0.1", port=0)
    listener = Listener(
        node=node,
        peers=[
            Peer(ae_title=clients.CALLING, address="127.0.0.1"),
            Peer(ae_title="PACS", address=PEER),
        ],
        destinations=[],
        spool=Spool(folder / "spool", minimum_free=0),
        ledger=SilentLedger(),
        on_stored=lambda: None,
        timeouts=TIMEOUTS,
        limits=replace(Limits.of(node), pdu_seconds=PDU_SECONDS, handshake_seconds=PDU_SECONDS, instance_bytes=2**28),
        tls=Tls(port=0, certificate=ours.path, key=ours.key, ca=authority.path),
    )
    port = listener.start()
    ports.put((port, listener.tls_port or 0))
    stop.wait()
    listener.stop()


def _serve_stock(folder: Path, ports: "multiprocessing.Queue[tuple[int, int]]", stop: Event) -> None:
    authority = Authority(folder / "ca")
    ours = authority.certificate("opportune")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ours.path, ours.key)
    ae = AE(clients.CALLED)
    ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = TIMEOUTS.acse, TIMEOUTS.dimse, TIMEOUTS.network
    ae.maximum_associations = 5
    ae.add_supported_context(clients.VERIFICATION)
    ae.add_supported_context(CTImageStorage)
    handlers: list[EventHandlerType] = [(evt.EVT_C_STORE, lambda _: 0)]
    plain = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    secure = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=context)
    ports.put((_port(plain), _port(secure)))
    stop.wait()


def _port(server: ThreadedAssociationServer | None) -> int:
    if server is None:
        raise RuntimeError("pynetdicom did not start")
    return int(server.server_address[1])


@contextmanager
def serving(name: str) -> Iterator[Server]:
    """A fresh server."""
    context = multiprocessing.get_context("spawn")
    ports, stop = context.Queue(), context.Event()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # a disk, as /tmp may be memory
        target = _serve_ours if name == OURS else _serve_stock
        process = context.Process(target=target, args=(Path(folder), ports, stop), daemon=True)
        process.start()
        try:
            port, tls_port = ports.get(timeout=_START_SECONDS)
            clients.echoes(port)
            yield Server(pid=int(process.pid or 0), port=port, tls_port=tls_port)
        finally:
            stop.set()
            process.join(15)
            if process.is_alive():
                process.kill()


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One attack on one server."""

    attack: str
    outcome: str
    memory: float  #: most while it lasted over before, MB
    threads: int  #: held while it lasted
    descriptors: int
    left_behind: int  #: threads and descriptors some seconds after the attacker went


def _stall(
    said: bytes = b"", *, established: bool = False, pieces: Callable[[], Iterator[bytes]] | None = None
) -> Callable[[Server, float], str]:
    def attack(server: Server, seconds: float) -> str:
        connection = clients.establish(server.port) if established else clients.connect(server.port)
        with connection:
            if pieces is None:
                heard = clients.hold(connection, said, seconds)
            else:
                heard = clients.trickle(connection, pieces(), seconds, 1)
        if heard.seconds is None:
            return f"not closed in {seconds:g} s"
        how = "A-ABORT" if heard.aborted else "closed"
        return f"{how} at {heard.seconds:.1f} s"

    return attack


def _pour(pieces: Callable[[], Iterator[bytes]]) -> Callable[[Server, float], str]:
    def attack(server: Server, seconds: float) -> str:
        with clients.establish(server.port) as connection:
            sent = clients.pour(connection, pieces(), seconds)
            time.sleep(0.5)  # what is on its way is read
        return f"{sent / 10**6:.0f} MB went out"

    return attack


def _silent_tls(server: Server, seconds: float) -> str:
    """Another peer tries the TLS port meanwhile: that it is answered at all is what counts."""
    with clients.connect(server.tls_port) as silent:
        begun, answered = time.monotonic(), 0
        for _ in range(3):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with suppress(OSError), clients.connect(server.tls_port, PEER, seconds=2) as other:
                with suppress(ssl.SSLError):  # an alert is an answer
                    context.wrap_socket(other)
                answered += 1
        heard = clients.ending(silent, seconds, begun)
    closed = f"not closed in {seconds:g} s" if heard.seconds is None else f"closed at {heard.seconds:.1f} s"
    return f"others answered {answered} of 3; {closed}"


ATTACKS: dict[str, Callable[[Server, float], str]] = {
    "connect, send nothing": _stall(b""),
    "3 bytes, then hold": _stall(b"\x01\0\0"),
    "A-ASSOCIATE-RQ claims 4 GiB, hold": _stall(clients.HUGE_REQUEST),
    "established, P-DATA claims 4 GiB, hold": _stall(clients.HUGE_DATA, established=True),
    "one byte per second": _stall(pieces=lambda: clients.bytewise(clients.request())),
    "unknown PDU type 0x09, 4 bytes more": _stall(b"\x09\0\0\0\0"),
    "A-ASSOCIATE-RQ of no bytes": _stall(b"\x01\0\0\0\0\0"),
    "HTTP request": _stall(clients.HTTP),
    "C-STORE, then small fragments, one a second": _stall(established=True, pieces=clients.slow_message),
    "TLS port: silent": _silent_tls,
    "one PDU of 400 MB": _pour(lambda: clients.one_long_pdu(400 * 10**6)),
    "endless data set, 400 MB": _pour(lambda: clients.endless_data_set(400 * 10**6)),
}


def attacked(name: str, attack: str, seconds: float) -> Row:
    """Make one attack on a fresh server."""
    with serving(name) as server:
        time.sleep(1)
        before = (server.resident(), server.threads(), server.descriptors())
        most = list(before)
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                with suppress(OSError):
                    now = (server.resident(), server.threads(), server.descriptors())
                    most[:] = map(max, most, now)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            outcome = ATTACKS[attack](server, seconds)
        finally:
            over.set()
            watcher.join()
        time.sleep(TIMEOUTS.network + 2)
        left = max(0, server.threads() - before[1]) + max(0, server.descriptors() - before[2])
        return Row(
            attack=attack,
            outcome=outcome,
            memory=most[0] - before[0],
            threads=int(most[1] - before[1]),
            descriptors=int(most[2] - before[2]),
            left_behind=left,
        )


def echoed(name: str, disturb: str, tries: int = 24) -> str:
    """C-ECHO of a peer while somebody else stalls 20 connections or floods with about 90 a second."""
    source = {"a stranger": STRANGER, "another peer": "127.0.0.1"}[disturb.split(" by ")[1]]
    calling = "PACS" if name == OURS else clients.CALLING
    with serving(name) as server:
        over = threading.Event()
        disturber = threading.Thread(target=_disturb, args=(server, disturb, source, over))
        disturber.start()
        time.sleep(1)
        answered, times = 0, []
        for _ in range(tries):
            begun = time.monotonic()
            answered += clients.echoes(server.port, calling, source=PEER)
            times.append(time.monotonic() - begun)
            time.sleep(0.5)
        over.set()
        disturber.join()
    return f"{answered}/{tries}, median {statistics.median(times):.2f} s, slowest {max(times):.2f} s"


def _disturb(server: Server, disturb: str, source: str, over: threading.Event) -> None:
    held: list[socket.socket] = []
    while not over.wait(1 / 90 if disturb.startswith("flood") else 0.5):
        held = [connection for connection in held if _open(connection)]
        with suppress(OSError):
            connection = clients.connect(server.port, source)
            if disturb.startswith("flood"):
                connection.close()
                continue
            held.append(connection)
            for _ in range(20 - len(held)):
                held.append(clients.connect(server.port, source))
            for each in held:
                with suppress(OSError):
                    each.sendall(b"\x01\0" if each is connection else b"")
    for connection in held:
        connection.close()


def _open(connection: socket.socket) -> bool:
    connection.settimeout(0.001)
    try:
        return bool(connection.recv(1000))
    except TimeoutError:
        return True
    except OSError:
        return False


DISTURBANCES = (
    "20 stalled by a stranger", "20 stalled by another peer", "flood by a stranger", "flood by another peer",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long an attacker waits to be cut off")
    parser.add_argument("--only", choices=(STOCK, OURS), help="one server instead of both")
    parser.add_argument("--attack", choices=ATTACKS, help="one attack instead of all tables")
    options = parser.parse_args()
    names = (options.only,) if options.only else (STOCK, OURS)
    print(
        f"acse_timeout {TIMEOUTS.acse:g} s, network_timeout {TIMEOUTS.network:g} s, PDU {PDU_SECONDS} s, "
        f"attacker waits {options.seconds:g} s"
    )
    print("\n| attack | server | outcome | memory | threads | descriptors | left behind |\n" + "| --- " * 7 + "|")
    for attack in (options.attack,) if options.attack else ATTACKS:
        for name in names:
            row = attacked(name, attack, options.seconds)
            print(
                f"| {attack} | {name} | {row.outcome} | +{row.memory:.0f} MB | +{row.threads} | +{row.descriptors} |"
                f" {row.left_behind} |",
                flush=True,
            )
    if options.attack:
        return
    print("\n| C-ECHO of a peer meanwhile | " + " | ".join(names) + " |\n| --- " + "| --- " * len(names) + "|")
    for disturb in DISTURBANCES:
        print(f"| {disturb} | " + " | ".join(echoed(name, disturb) for name in names) + " |", flush=True)


if __name__ == "__main__":
    main()
