"""What the listening socket hands down, and whom it takes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from dicom_node.bounded_association import Bounds
from dicom_node.identity import Timeouts, make_ae
from dicom_node.limits import Limits
from dicom_node.server import BoundServer
from tests.dicom_node.network import NO_STORES, wait_until


@contextmanager
def _server(*, known: bool, **limits: Any) -> Iterator[tuple[BoundServer, list[tuple[str, str]], list[socket.socket]]]:
    refused: list[tuple[str, str]] = []
    taken: list[socket.socket] = []

    class Observed(BoundServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            taken.append(request)
            super().process_request(request, client_address)

    server = Observed(
        make_ae("OPPORTUNE", Timeouts(acse=2, network=7)),
        ("127.0.0.1", 0),
        [],
        Bounds(limits=Limits(**limits), stores=NO_STORES, on_breach=lambda *_: None),
        knows=lambda _: known,
        on_refused=lambda *refusal: refused.append(refusal),
    )
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server, refused, taken
    finally:
        server.shutdown()
        thread.join()
        for association in server.active_associations:
            association.join(10)


def test_accepted_sockets_are_quick_and_limited() -> None:
    with (
        _server(known=True) as (server, refused, taken),
        socket.create_connection(("127.0.0.1", server.server_address[1])),
    ):
        wait_until(lambda: taken)
        assert taken[0].gettimeout() is not None
        assert taken[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert taken[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert refused == []


def test_strangers_are_closed_and_told_of() -> None:
    with (
        _server(known=False) as (server, refused, taken),
        socket.create_connection(("127.0.0.1", server.server_address[1])) as stranger,
    ):
        stranger.settimeout(5)
        assert stranger.recv(1) == b""
    assert refused == [("127.0.0.1", "no peer or destination has this address; the connection was closed")]
    assert taken == []


def test_one_address_has_so_many_connections() -> None:
    """The one more is closed unread; an ended one makes room."""
    with _server(known=True, associations_per_address=2) as (server, refused, taken):
        place = ("127.0.0.1", server.server_address[1])
        first, second = socket.create_connection(place), socket.create_connection(place)
        wait_until(lambda: server.connections == 2)
        with socket.create_connection(place, timeout=5) as third:
            assert third.recv(1) == b""
        assert refused == [("127.0.0.1", "2 connections from this address; one more was closed")]
        with socket.create_connection(place, source_address=("127.0.0.2", 0)):
            wait_until(lambda: len(taken) == 3)
        first.close()
        wait_until(lambda: server.connections == 1)
        with socket.create_connection(place):
            wait_until(lambda: len(taken) == 4)
        second.close()
    assert len(refused) == 1


def test_all_addresses_have_so_many_connections() -> None:
    with _server(known=True, connections=1) as (server, refused, _):
        place = ("127.0.0.1", server.server_address[1])
        with socket.create_connection(place):
            wait_until(lambda: server.connections == 1)
            with socket.create_connection(place, timeout=5, source_address=("127.0.0.2", 0)) as other:
                assert other.recv(1) == b""
        wait_until(lambda: server.connections == 0)
    assert refused == [("127.0.0.2", "1 connections are open; one more was closed")]


def test_errors_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with _server(known=True) as (server, _, _):
        try:
            raise RuntimeError("CANARY")
        except RuntimeError:
            server.handle_error(None, None)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
