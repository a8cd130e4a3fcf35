"""What can be wrong on the way to a destination."""

import errno
import os
import socket

import pytest
from pynetdicom.pdu_primitives import A_ASSOCIATE

from dicom_node.association_faults import ADVICE, Fault, of_connecting, of_handshake, of_rejection


def test_there_is_advice_for_each() -> None:
    assert set(ADVICE) == set(Fault)
    assert all(said.endswith((".", "?", "them.")) and len(said) > 40 for said in ADVICE.values())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((1, 1, 3), Fault.CALLING),
        ((1, 1, 7), Fault.CALLED),
        ((2, 1, 7), Fault.CALLED),
        ((2, 3, 2), Fault.BUSY),
        ((1, 1, 1), Fault.REJECTED),
        ((1, 2, 2), Fault.REJECTED),
    ],
)
def test_rejections(answer: tuple[int, int, int], fault: Fault) -> None:
    rejection = A_ASSOCIATE()
    rejection.result, rejection.result_source, rejection.diagnostic = answer
    assert of_rejection(rejection) is fault


@pytest.mark.parametrize(
    ("exc", "fault", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), Fault.NAME, "name or service not known"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), Fault.REFUSED, "connection refused"),
        (TimeoutError(), Fault.TIMED_OUT, "connection timed out"),
        (OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH)), Fault.UNREACHABLE, "no route to host"),
        (OSError(), Fault.UNREACHABLE, "oserror"),
    ],
)
def test_connections(exc: OSError, fault: Fault, said: str) -> None:
    assert of_connecting(exc) == (fault, said)


def test_handshakes_that_nobody_refused() -> None:
    """Those that somebody refused: test_echoing.py, by real handshakes."""
    assert of_handshake(TimeoutError()) == (Fault.NO_TLS, "no TLS handshake in time")
    assert of_handshake(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))[0] is Fault.NO_TLS
