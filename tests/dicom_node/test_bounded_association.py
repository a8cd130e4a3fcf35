"""How an accepted association ends: with its connection closed and its threads gone, whatever happened in it."""

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

import pytest
from pynetdicom.transport import AddressInformation

from benchmarks.attack_clients import request
from dicom_node.bounded_association import BoundedAssociation, Bounds
from dicom_node.identity import Timeouts, make_ae
from dicom_node.limits import Limits
from tests.dicom_node.network import NO_STORES, wait_until


def _begin() -> tuple[BoundedAssociation, socket.socket, list[bool]]:
    ours, peer = socket.socketpair()
    ended: list[bool] = []
    bounds = Bounds(limits=Limits(), stores=NO_STORES, on_breach=lambda *_: None)
    association = BoundedAssociation(make_ae("OPPORTUNE", Timeouts(acse=60)), ours, bounds, lambda: ended.append(True))
    association.requestor.address_info = AddressInformation("127.0.0.1", 1)
    association.acceptor.address_info = AddressInformation("127.0.0.1", 2)
    return association, peer, ended


def test_who_goes_without_a_word_is_not_waited_for() -> None:
    """The time for a request is a minute."""
    association, peer, ended = _begin()
    association.start()
    peer.close()
    association.join(20)
    assert ended == [True]
    assert not association.dul.is_alive()


@pytest.mark.parametrize("place", ["association", "upper layer"])
def test_a_fault_ends_it_in_order(
    place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    association, peer, ended = _begin()

    def broken(*_: Any) -> None:
        raise RuntimeError("CANARY")

    if place == "association":
        monkeypatch.setattr(association.acse, "negotiate_association", broken)
    else:
        monkeypatch.setattr(association.dul.state_machine, "do_action", broken)
    caplog.set_level(logging.INFO)
    association.start()
    with suppress(BrokenPipeError):  # the upper layer may have broken before it read anything
        peer.sendall(request())
    association.join(20)
    wait_until(lambda: ended == [True])
    assert not association.dul.is_alive()
    assert "RuntimeError" in caplog.text
    assert "CANARY" not in caplog.text
    assert [thread for thread in threading.enumerate() if thread is association] == []
    peer.settimeout(10)
    with suppress(ConnectionResetError):  # closed before it had read everything
        while peer.recv(1000):
            pass
    peer.close()
