"""What the upper layer does that no peer can see; for the rest: `test_listener` and `test_attacks`."""

import select
import socket
import threading
import time
from typing import Any

import pytest
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import AddressInformation

from benchmarks.attack_clients import CALLED, establish, fragment, read_pdu, store_command
from dicom_node import upper_layer
from dicom_node.bounded_association import BoundedAssociation, Bounds
from dicom_node.identity import Timeouts, make_ae
from dicom_node.limits import Limits
from dicom_node.upper_layer import Bell, Checkpoint, RingingQueue, UpperLayer, missing_internals
from tests.dicom_node.network import NO_STORES, FakeLedger, running_listener


def test_this_pynetdicom_is_the_one_we_know() -> None:
    assert missing_internals() == []


def test_another_pynetdicom_is_told_and_receives_all_the_same(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upper_layer, "_NEEDED", {DULServiceProvider: ("no_such_method",)})
    seen: list[type] = []
    monkeypatch.setattr(UpperLayer, "__init__", lambda self, *_: seen.append(type(self)))
    ledger = FakeLedger()
    with (
        running_listener(tmp_path, ledger, peers=[("MODALITY", "127.0.0.1")], ae_title=CALLED) as node,
        establish(node.port, calling="MODALITY") as connection,
    ):
        connection.sendall(store_command() + fragment(b"\x08\0\x05\0CS\x02\0AB", last=True))
        assert read_pdu(connection)[0] == 4
    assert (len(ledger.registered), seen) == (1, [])
    assert "no DULServiceProvider.no_such_method: objects are received the slow way" in caplog.text


def _association() -> tuple[BoundedAssociation, socket.socket]:
    ours, peer = socket.socketpair()
    bounds = Bounds(limits=Limits(), stores=NO_STORES, on_breach=lambda *_: None)
    association = BoundedAssociation(make_ae("OPPORTUNE", Timeouts(acse=60)), ours, bounds, lambda: None)
    association.requestor.address_info = AddressInformation("127.0.0.1", 1)
    association.acceptor.address_info = AddressInformation("127.0.0.1", 2)
    return association, peer


def test_an_idle_association_ends_when_it_is_told() -> None:
    """It waits for events, and none comes."""
    association, peer = _association()
    association.start()
    association.cut()
    association.join(10)
    assert not association.is_alive()
    assert not association.dul.is_alive()
    peer.close()


def test_who_waits_for_us_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    association, peer = _association()
    association.dul._idle_timer.timeout = 0.0
    association.dul._idle_timer.start()
    assert association.dul.idle_timer_expired()
    association._messages.storing = True
    assert not association.dul.idle_timer_expired()
    association.cut()
    association._connection.close()
    association.dul._bell.close()  # type: ignore[attr-defined]
    peer.close()


def test_a_bell_ends_a_wait_before_and_while_it_lasts_and_not_for_ever() -> None:
    bell, poll = Bell(), select.poll()
    bell.register(poll)
    bell.ring()
    assert len(poll.poll(10_000)) == 1
    bell.silence()
    assert poll.poll(0) == []
    threading.Timer(0.05, bell.ring).start()
    assert len(poll.poll(10_000)) == 1
    bell.close()
    bell.ring()
    bell.silence()


def test_what_is_left_in_a_queue_rings_again() -> None:
    rung: list[int] = []
    waiting = RingingQueue(lambda: rung.append(1))
    for item in "ab":
        waiting.put(item)
    rung.clear()
    assert (waiting.get(), len(rung)) == ("a", 1)
    assert (waiting.get(), len(rung)) == ("b", 1)


def test_a_checkpoint_lets_pass_once_and_now_and_then() -> None:
    checkpoint = Checkpoint()
    checkpoint.set()
    assert checkpoint.wait()
    begun = time.monotonic()
    assert not checkpoint.wait()
    assert time.monotonic() - begun < 5
