"""What hostile peers do to the listener, and to pynetdicom's own server, which must fail where we claim more."""

import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage
from pynetdicom import AE, evt

from benchmarks.attack_clients import (
    CALLED,
    HTTP,
    HUGE_DATA,
    HUGE_REQUEST,
    VERIFICATION,
    Ending,
    bytewise,
    connect,
    echo_request,
    echoes,
    endless_data_set,
    establish,
    fragment,
    hold,
    one_long_pdu,
    pour,
    read_pdu,
    request,
    slow_message,
    store_command,
    trickle,
)
from dicom_node.identity import Timeouts
from dicom_node.limits import Limits
from tests.dicom_node.network import FakeLedger, Running, running_listener, wait_until

QUICK = Timeouts(acse=0.5, dimse=1, network=1, connect=1)
SHORT: dict[str, Any] = {"pdu_seconds": 0.5, "associations_per_address": 4}
SECONDS = 20.0  # until a test gives up, on a machine that does much else
MEGABYTE = 2**20


@contextmanager
def _listener(root: Path, ledger: FakeLedger | None = None, **limits: Any) -> Iterator[Running]:
    with running_listener(
        root / "spool",
        ledger or FakeLedger(),
        peers=[("ATTACKER", "127.0.0.1"), ("PACS", "127.0.0.2")],
        timeouts=QUICK,
        limits=Limits(**(SHORT | limits)),
    ) as node:
        yield node


@contextmanager
def _stock() -> Iterator[int]:
    """pynetdicom's server as its documentation starts it, with the same time-outs."""
    ae = AE(CALLED)
    ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = QUICK.acse, QUICK.dimse, QUICK.network
    ae.maximum_associations = 5
    ae.add_supported_context(VERIFICATION)
    ae.add_supported_context(CTImageStorage)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _: 0)])
    assert server is not None
    assert server.socket is not None
    try:
        yield server.socket.getsockname()[1]
    finally:
        associations = server.active_associations
        server.shutdown()
        for association in associations:
            association.join(SECONDS)
        gc.collect()  # it leaves sockets unclosed: they are this test's, not the next one's


leaves_sockets_unclosed = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def _resident() -> int:
    """Memory of this process, bytes."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * 4096


def _files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _attack(port: int, name: str, seconds: float) -> Ending:
    established = {"P-DATA of 4 GiB": HUGE_DATA, "P-DATA with an odd item": b"\x04\0\0\0\0\6\xff\xff\xff\xff\3\0"}
    if name in established:
        with establish(port) as connection:
            return hold(connection, established[name], seconds)
    with connect(port) as connection:
        if name == "a byte at a time":
            return trickle(connection, bytewise(request()), seconds, 0.1)
        said = {
            "nothing": b"",
            "3 bytes": b"\x01\0\0",
            "request of 4 GiB": HUGE_REQUEST,
            "unknown type": b"\x09\0\0\0\0",
            "request of no bytes": b"\x01\0\0\0\0\0",
            "HTTP": HTTP,
            "item of 65535 bytes": request()[:70] + b"\x10\0\xff\xff" + request()[74:],
        }
        return hold(connection, said[name], seconds)


NAMES = (
    "nothing", "3 bytes", "request of 4 GiB", "P-DATA of 4 GiB", "P-DATA with an odd item", "a byte at a time",
    "unknown type", "request of no bytes", "HTTP", "item of 65535 bytes",
)  # fmt: skip


def test_every_connection_is_closed_and_leaves_nothing(tmp_path: Path) -> None:
    with _listener(tmp_path) as node:
        assert echoes(node.port)
        threads, files = threading.active_count(), _files()
        endings = {name: _attack(node.port, name, SECONDS) for name in NAMES}
        assert [name for name, heard in endings.items() if heard.seconds is None] == []
        at_once = ("unknown type", "request of 4 GiB", "P-DATA of 4 GiB", "request of no bytes", "HTTP")
        assert [name for name in at_once if not endings[name].aborted] == []
        wait_until(lambda: threading.active_count() <= threads and _files() <= files)
        assert echoes(node.port)


@leaves_sockets_unclosed
def test_the_stock_server_keeps_what_stalls() -> None:
    """The same attacks, four times longer than its time-outs."""
    stalls = ("3 bytes", "request of 4 GiB", "P-DATA of 4 GiB", "a byte at a time", "unknown type")
    with _stock() as port:
        endings: dict[str, Ending] = {}

        def attack(name: str) -> None:
            endings[name] = _attack(port, name, 4 * QUICK.acse)

        attackers = [threading.Thread(target=attack, args=(name,)) for name in stalls]
        for attacker in attackers:
            attacker.start()
        for attacker in attackers:
            attacker.join()
    assert {name for name, heard in endings.items() if heard.seconds is None} == set(stalls)


def test_a_long_pdu_is_cut_off(tmp_path: Path) -> None:
    with _listener(tmp_path) as node, establish(node.port) as connection:
        assert pour(connection, one_long_pdu(200 * MEGABYTE), SECONDS) < 16 * MEGABYTE


def test_an_endless_data_set_is_cut_off_and_memory_stays_flat(tmp_path: Path) -> None:
    with _listener(tmp_path, instance_bytes=96 * MEGABYTE) as node:
        assert echoes(node.port)
        before, most = _resident(), 0
        with establish(node.port) as connection:

            def watched() -> Iterator[bytes]:
                nonlocal most
                for number, piece in enumerate(endless_data_set(160 * MEGABYTE)):
                    if number % 500 == 0:
                        most = max(most, _resident())
                    yield piece

            sent = pour(connection, watched(), SECONDS)
        assert 90 * MEGABYTE < sent < 160 * MEGABYTE
        assert most - before < 64 * MEGABYTE
        wait_until(lambda: node.files() == [])
        assert echoes(node.port)


@leaves_sockets_unclosed
def test_the_stock_server_keeps_an_endless_data_set_in_memory() -> None:
    with _stock() as port:
        before = _resident()
        with establish(port) as connection:
            assert pour(connection, endless_data_set(96 * MEGABYTE), SECONDS) > 96 * 10**6
            wait_until(lambda: _resident() - before > 64 * MEGABYTE, SECONDS)


def test_bytes_in_flight_are_shared_and_come_back(tmp_path: Path) -> None:
    """What is too much at once is answered 0xA700; the association and the next object live."""
    ledger = FakeLedger()
    with (
        _listener(tmp_path, ledger, arriving_bytes=MEGABYTE) as node,
        establish(node.port) as first,
        establish(node.port) as second,
    ):
        first.sendall(store_command() + fragment(bytes(100_000)) * 9)
        wait_until(lambda: sum(path.stat().st_size for path in node.files()) > 900_000)
        second.sendall(store_command(2, "1.2.3.5") + fragment(bytes(100_000)) * 4 + fragment(b"", last=True))
        assert _status(second) == 0xA700
        first.sendall(fragment(b"", last=True))
        assert _status(first) == 0
        second.sendall(store_command(3, "1.2.3.5") + fragment(bytes(100_000)) * 4 + fragment(b"", last=True))
        assert _status(second) == 0
    assert [row["sop_instance_uid"] for row in ledger.registered] == ["1.2.3.4", "1.2.3.5"]


def test_what_a_dropped_association_brought_is_removed(tmp_path: Path) -> None:
    with _listener(tmp_path) as node:
        with establish(node.port) as connection:
            connection.sendall(store_command() + fragment(bytes(100_000)) * 5)
            wait_until(lambda: len(node.files()) == 1)
        wait_until(lambda: node.files() == [])


def test_a_slow_message_is_cut_off(tmp_path: Path) -> None:
    """Whole small PDUs, each in time: no deadline of a PDU sees them."""
    with _listener(tmp_path) as node, establish(node.port) as connection:
        assert trickle(connection, slow_message(), SECONDS, 0.1).seconds is not None


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"unanswered": 3}, echo_request() * 2000),
        ({"association_messages": 3}, echo_request() * 4),
        ({"association_seconds": 0}, echo_request()),
        ({"command_bytes": 1000}, b"\x04\0\0\0\4\4" + b"\0\0\4\0\1\1" + bytes(1022)),
        ({}, fragment(b"a data set without a command")),
        ({}, echo_request()[:-10] + bytes(10)),
        ({}, b"\x04\0\0\0\0\6\0\0\0\2\1\3"),  # a command set of no bytes
        ({}, b"\x04\0\0\0\0\5\0\0\0\1\1"),  # a fragment without a message control header
    ],
    ids=(
        "requests without waiting",
        "requests in all",
        "duration",
        "long command",
        "no command",
        "broken command",
        "empty command",
        "no control header",
    ),
)
def test_messages_that_are_too_much_or_make_no_sense(tmp_path: Path, limits: dict[str, Any], said: bytes) -> None:
    with _listener(tmp_path, **limits) as node:
        with establish(node.port) as connection:
            assert hold(connection, said, SECONDS).seconds is not None
        wait_until(lambda: "association_seconds" in limits or echoes(node.port))


def test_stalls_and_floods_do_not_shut_out_another_address(tmp_path: Path) -> None:
    ledger = FakeLedger()
    with _listener(tmp_path, ledger, pdu_seconds=5) as node:
        stalled = [connect(node.port) for _ in range(20)]
        for connection in stalled:
            try:
                connection.sendall(b"\x01\0")
            except ConnectionError:
                continue  # one of those that were closed in the accept loop
        assert [echoes(node.port, "PACS", source="127.0.0.2") for _ in range(10)] == [True] * 10
        for connection in stalled:
            connection.close()
        wait_until(lambda: ledger.refused_associations)
        assert "connections from this address" in ledger.refused_associations[0]["reason"]


@leaves_sockets_unclosed
def test_the_stock_server_is_shut_by_stalls() -> None:
    with _stock() as port:
        stalled = []
        for _ in range(8):
            stalled.append(connect(port))
            stalled[-1].sendall(b"\x01\0")  # at once: without a byte it would be closed in time
        wait_until(lambda: not echoes(port, source="127.0.0.2"))  # some are not counted at once
        assert [echoes(port, source="127.0.0.2") for _ in range(3)] == [False] * 3
        for connection in stalled:
            connection.close()


def test_128_contexts_and_many_connects(tmp_path: Path) -> None:
    with _listener(tmp_path, associations_per_address=40, connections=40) as node:
        threads = threading.active_count()
        many = tuple(f"1.2.{'3' * 50}.{number}" for number in range(126))
        with connect(node.port) as connection:
            connection.sendall(request(more=many))
            assert read_pdu(connection)[0] == 0x02
        for _ in range(200):
            connect(node.port).close()
        wait_until(lambda: echoes(node.port))
        wait_until(lambda: threading.active_count() <= threads, SECONDS)


def _status(connection: socket.socket) -> int:
    """Status of the next response."""
    _, body = read_pdu(connection)
    place = body.index(b"\0\0\0\x09\2\0\0\0")
    return int.from_bytes(body[place + 8 : place + 10], "little")
