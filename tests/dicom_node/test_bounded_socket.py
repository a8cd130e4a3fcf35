"""What the socket of an association reads, and what it refuses to."""

import socket
from collections.abc import Iterator
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from dicom_node.bounded_socket import HEADER_BYTES, MARGIN, BoundedSocket
from dicom_node.limits import Limits

LIMITS = Limits(pdu_bytes=4096, request_bytes=2000, pdu_seconds=0.2)


class _Pair:
    """A socket of an association, and the peer's end of it."""

    def __init__(self) -> None:
        ours, self.peer = socket.socketpair()
        self.breaches: list[str] = []
        association: Any = SimpleNamespace(
            dul=SimpleNamespace(event_queue=SimpleNamespace(put=lambda _: None)), network_timeout=5
        )
        self.ours = BoundedSocket(association, ours, LIMITS, self.breaches.append)


@pytest.fixture
def pair() -> Iterator[_Pair]:
    made = _Pair()
    yield made
    made.peer.close()
    made.ours.close()


def test_whole_pdus_pass(pair: _Pair) -> None:
    """Six bytes of a body are no header."""
    for body in (b"", b"123456", b"x" * 4096):
        pdu = b"\x04\0" + len(body).to_bytes(4, "big") + body
        pair.peer.sendall(pdu)
        assert pair.ours.recv(HEADER_BYTES) + pair.ours.recv(len(body)) == pdu
    assert pair.breaches == []


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (b"\x01\0\0\0\x07\xd0", True),
        (b"\x01\0\0\0\x07\xd1", False),
        (b"\x04\0" + (4096 + MARGIN).to_bytes(4, "big"), True),
        (b"\x04\0" + (4097 + MARGIN).to_bytes(4, "big"), False),
        (b"\x05\0\0\0\0\4", True),
        (b"\x07\0\xff\xff\xff\xff", False),
        (b"\x08\0\0\0\0\4", False),
        (b"\x00\0\0\0\0\4", False),
    ],
)
def test_headers(pair: _Pair, header: bytes, taken: bool) -> None:
    """What is not taken is handed up as a type that there is not, and nothing is read after it."""
    pair.peer.sendall(header + b"more")
    assert bytes(pair.ours.recv(HEADER_BYTES)) == (header if taken else bytes(6))
    assert bool(pair.breaches) is not taken
    if not taken:
        assert pair.ours.recv(4) == b""


def test_an_unknown_type_is_known_by_its_first_byte(pair: _Pair) -> None:
    pair.peer.sendall(b"\x09")
    assert bytes(pair.ours.recv(HEADER_BYTES)) == bytes(6)
    assert pair.breaches == ["a PDU of the unknown type 0x09"]


@pytest.mark.parametrize("said", [b"\x04", b"\x04\0\0\0\0\x0a", b"\x04\0\0\0\0\x0a12345"])
def test_a_pdu_has_its_time(pair: _Pair, said: bytes) -> None:
    pair.peer.sendall(said)
    with pytest.raises(TimeoutError):
        pair.ours.recv(len(pair.ours.recv(HEADER_BYTES)) + 4)
    assert pair.breaches == ["a PDU that took longer than 0.2 s"]


def test_a_peer_that_goes_is_no_breach(pair: _Pair) -> None:
    pair.peer.sendall(b"\x04\0\0\0\0\x0a123")
    pair.peer.close()
    assert len(pair.ours.recv(HEADER_BYTES)) == HEADER_BYTES
    assert bytes(pair.ours.recv(10)) == b"123"
    assert pair.ours.recv(HEADER_BYTES) == b""
    assert pair.breaches == []


def _data(body: bytes) -> bytes:
    return b"\x04\0" + len(body).to_bytes(4, "big") + body


def test_data_is_read_in_one_go_and_given_pdu_by_pdu(pair: _Pair) -> None:
    pair.peer.sendall(_data(b"first") + _data(b"") + _data(b"x" * 4096) + _data(b"cut off")[:8])
    assert not pair.ours.buffered
    assert [bytes(pair.ours.next_data() or b"none") for _ in range(3)] == [b"first", b"none", b"x" * 4096]
    assert pair.ours.buffered
    assert pair.ours.ready
    pair.peer.sendall(_data(b"cut off")[8:])
    assert bytes(pair.ours.next_data() or b"none") == b"cut off"
    assert not pair.ours.buffered
    assert pair.breaches == []


def test_what_is_no_data_is_left_for_recv(pair: _Pair) -> None:
    release = b"\x05\0\0\0\0\x04\0\0\0\0"
    pair.peer.sendall(_data(b"data") + release + _data(b"more"))
    assert bytes(pair.ours.next_data() or b"") == b"data"
    assert pair.ours.next_data() is None
    assert bytes(pair.ours.recv(HEADER_BYTES) + pair.ours.recv(4)) == release
    assert bytes(pair.ours.next_data() or b"") == b"more"


def test_more_data_than_fits_the_buffer(pair: _Pair) -> None:
    """Its end is reached in the middle of a PDU again and again."""
    bodies = [bytes([number % 251]) * (3001 + number % 1000) for number in range(700)]
    sender = Thread(target=pair.peer.sendall, args=(b"".join(_data(body) for body in bodies),))
    sender.start()
    assert [bytes(pair.ours.next_data() or b"") for _ in bodies] == bodies
    sender.join(10)


def test_data_too_long_is_refused_by_recv(pair: _Pair) -> None:
    pair.peer.sendall(b"\x04\0" + (4097 + MARGIN).to_bytes(4, "big") + b"more")
    assert pair.ours.next_data() is None
    assert bytes(pair.ours.recv(HEADER_BYTES)) == bytes(6)
    assert len(pair.breaches) == 1
    assert pair.ours.next_data() is None


@pytest.mark.parametrize("said", [b"\x04", b"\x04\0\0\0\0\x0a", b"\x04\0\0\0\0\x0a12345"])
def test_data_has_its_time(pair: _Pair, said: bytes) -> None:
    pair.peer.sendall(said)
    with pytest.raises(TimeoutError):
        pair.ours.next_data()
    assert pair.breaches == ["a PDU that took longer than 0.2 s"]


def test_a_peer_that_goes_in_the_middle_of_data_is_no_breach(pair: _Pair) -> None:
    pair.peer.sendall(b"\x04\0\0\0\0\x0a123")
    pair.peer.close()
    assert pair.ours.next_data() is None
    assert len(pair.ours.recv(HEADER_BYTES)) == HEADER_BYTES
    assert bytes(pair.ours.recv(10)) == b"123"
    assert pair.ours.recv(HEADER_BYTES) == b""
    assert pair.breaches == []


def test_what_is_released_holds_nothing(pair: _Pair) -> None:
    pair.peer.sendall(_data(b"data") + _data(b"more"))
    assert pair.ours.next_data() is not None
    pair.ours.release()
    assert (pair.ours.buffered, len(pair.ours._buffer)) == (False, 0)
