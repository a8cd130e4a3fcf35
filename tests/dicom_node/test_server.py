"""What the listening socket hands down, and whom it takes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from dicom_node.contexts import verification_context
from dicom_node.identity import Timeouts, make_ae
from dicom_node.server import BoundServer
from tests.dicom_node.network import wait_until


@contextmanager
def _server(*, known: bool) -> Iterator[tuple[BoundServer, list[str], list[socket.socket]]]:
    strangers: list[str] = []
    taken: list[socket.socket] = []

    class Observed(BoundServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            taken.append(request)
            super().process_request(request, client_address)

    server = Observed(
        make_ae("OPPORTUNE", Timeouts(acse=2, network=7)),
        ("127.0.0.1", 0),
        "OPPORTUNE",
        [verification_context()],
        knows=lambda _: known,
        on_stranger=strangers.append,
    )
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server, strangers, taken
    finally:
        server.shutdown()
        thread.join()
        for association in server.active_associations:
            association.join(10)


def test_accepted_sockets_are_quick_and_limited() -> None:
    with (
        _server(known=True) as (server, strangers, taken),
        socket.create_connection(("127.0.0.1", server.server_address[1])),
    ):
        wait_until(lambda: taken)
        assert taken[0].gettimeout() == 7
        assert taken[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert taken[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert strangers == []


def test_strangers_are_closed_and_told_of() -> None:
    with (
        _server(known=False) as (server, strangers, taken),
        socket.create_connection(("127.0.0.1", server.server_address[1])) as stranger,
    ):
        stranger.settimeout(5)
        assert stranger.recv(1) == b""
    assert strangers == ["127.0.0.1"]
    assert taken == []


def test_errors_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with _server(known=True) as (server, _, _):
        try:
            raise RuntimeError("CANARY")
        except RuntimeError:
            server.handle_error(None, None)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
