"""Messages put together from fragments; what the attacks do with them is in test_attacks."""

from types import SimpleNamespace
from typing import Any

import pytest
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from benchmarks.attack_clients import echo_request, fragment, store_command
from dicom_node.arrival import Arrival, Incoming
from dicom_node.bounded_dimse import BoundedDimse
from dicom_node.limits import Budget, Limits
from tests.dicom_node.test_reception import MemoryFile

REQUEST = Incoming(abstract_syntax="1", sop_class_uid="1", sop_instance_uid="1.2.3.4", transfer_syntax_uid="1")


class _Messages:
    """A message provider and what it did."""

    def __init__(self, **limits: Any) -> None:
        self.breaches: list[str] = []
        self.files: list[MemoryFile] = []
        self.events: list[str] = []
        association: Any = SimpleNamespace(dul=SimpleNamespace(event_queue=SimpleNamespace(put=self.events.append)))
        self.dimse = BoundedDimse(association, Limits(**limits), self._expect, self.breaches.append)

    def _expect(self, _: Any, message: C_STORE_RQ) -> Arrival:
        assert message.command_set.AffectedSOPInstanceUID == "1.2.3.4"
        self.files.append(MemoryFile())
        return Arrival(REQUEST, lambda: self.files[-1], Budget(10**6))

    def take(self, *pdus: bytes) -> None:
        for pdu in pdus:
            decoded = P_DATA_TF()
            decoded.decode(pdu)
            primitive = decoded.to_primitive()
            assert isinstance(primitive, P_DATA)
            self.dimse.receive_primitive(primitive)

    def requests(self) -> list[Any]:
        found = []
        while not self.dimse.msg_queue.empty():
            found.append(self.dimse.msg_queue.get()[1])
        return found


def test_an_object_goes_to_its_file() -> None:
    messages = _Messages()
    messages.take(store_command(), fragment(b"data "), fragment(b"set", last=True), echo_request())
    stored, echoed = messages.requests()
    assert (type(stored), type(echoed)) == (C_STORE, C_ECHO)
    assert isinstance(stored.DataSet, Arrival)
    assert stored.DataSet.keep().size == 8
    assert messages.breaches == []


def test_two_messages_in_one_pdu() -> None:
    pdu = echo_request()[6:] * 2
    messages = _Messages()
    messages.take(b"\x04\0" + len(pdu).to_bytes(4, "big") + pdu)
    assert len(messages.requests()) == 2


@pytest.mark.parametrize(
    ("limits", "breach"),
    [
        ({"instance_bytes": 150}, "see node.maximum_instance_mb"),
        ({"pdu_seconds": 0, "least_bytes_per_second": 1e12}, "a message slower than"),
        ({"command_bytes": 10}, "a command set of more than 10 bytes"),
    ],
)
def test_too_much_is_a_breach_and_aborts(limits: dict[str, Any], breach: str) -> None:
    messages = _Messages(**limits)
    messages.take(store_command(), fragment(bytes(100)))
    assert breach in messages.breaches[0]
    assert messages.events[0] == "Evt19"
    assert messages.requests() == []


@pytest.mark.parametrize("finish", [[], [fragment(b"", last=True)]])
def test_release_drops_what_was_not_answered(finish: list[bytes]) -> None:
    messages = _Messages()
    messages.take(store_command(), fragment(b"data"), *finish)
    messages.dimse.release()
    assert [file.dropped for file in messages.files] == [True]


def test_a_request_too_many_keeps_no_file() -> None:
    messages = _Messages(unanswered=1)
    messages.take(echo_request(), store_command(), fragment(b"data", last=True))
    assert messages.breaches == ["more than 1 requests without waiting for answers"]
    assert [file.dropped for file in messages.files] == [True]
