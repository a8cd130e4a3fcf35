"""Messages put together from fragments; what the attacks do with them is in test_attacks."""

from types import SimpleNamespace
from typing import Any

import pytest
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from benchmarks.attack_clients import echo_request, fragment, store_command
from dicom_node.arrival import Arrival, Incoming
from dicom_node.bounded_dimse import BoundedDimse
from dicom_node.command_set import AFFECTED_SOP_INSTANCE_UID, COMMAND_FIELD, ERROR_COMMENT, STATUS, CommandSet
from dicom_node.limits import Budget, Limits
from dicom_node.reception import Answer
from tests.dicom_node.test_reception import MemoryFile

REQUEST = Incoming(abstract_syntax="1", sop_class_uid="1", sop_instance_uid="1.2.3.4", transfer_syntax_uid="1")


class _Messages:
    """A message provider, what becomes of what it takes, and what it answers."""

    def __init__(self, **limits: Any) -> None:
        self.breaches: list[str] = []
        self.files: list[MemoryFile] = []
        self.events: list[str] = []
        self.stored: list[int] = []
        self.answer = Answer(status=0)
        self.sent: list[bytes] = []
        association: Any = SimpleNamespace(
            dul=SimpleNamespace(event_queue=SimpleNamespace(put=self.events.append)),
            requestor=SimpleNamespace(maximum_length=16382),
        )
        self.dimse = BoundedDimse(association, Limits(**limits), self, self.sent.append, self.breaches.append)

    def expect(self, _: Any, context_id: int, command_set: CommandSet) -> Arrival:
        assert context_id == 3
        assert command_set.uid(AFFECTED_SOP_INSTANCE_UID) == "1.2.3.4"
        self.files.append(MemoryFile())
        return Arrival(REQUEST, lambda: self.files[-1], Budget(10**6))

    def store(self, _: Any, arrival: Arrival) -> Answer:
        assert self.dimse.storing
        self.stored.append(arrival.stored.size)
        arrival.leave()
        return self.answer

    def take(self, *pdus: bytes) -> None:
        for pdu in pdus:
            self.dimse.receive(memoryview(pdu)[6:])

    def take_slowly(self, *pdus: bytes) -> None:
        """By way of pynetdicom."""
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


@pytest.mark.parametrize("slowly", [False, True])
def test_an_object_goes_to_its_file_and_is_answered(slowly: bool) -> None:
    messages = _Messages()
    take = messages.take_slowly if slowly else messages.take
    take(store_command(), fragment(b"data "), fragment(b"set", last=True), echo_request())
    assert messages.stored == [8]
    (response,) = messages.sent
    assert response[:1] == b"\x04"
    answered = CommandSet(response[12:])
    assert (answered.number(COMMAND_FIELD), answered.number(STATUS)) == (0x8001, 0)
    assert answered.uid(AFFECTED_SOP_INSTANCE_UID) == "1.2.3.4"
    (echoed,) = messages.requests()
    assert type(echoed) is C_ECHO
    assert (messages.breaches, messages.dimse.storing) == ([], False)


def test_a_refusal_has_its_comment() -> None:
    messages = _Messages()
    messages.answer = Answer(status=0xA700, comment="spool unavailable")
    messages.take(store_command(), fragment(b"data", last=True))
    answered = CommandSet(messages.sent[0][12:])
    assert (answered.number(STATUS), answered.uid(ERROR_COMMENT)) == (0xA700, "spool unavailable")


@pytest.mark.parametrize(
    "pdus",
    [
        [fragment(b"data")],
        [store_command(), store_command()],
        [store_command(), fragment(b"data"), echo_request()],
        [b"\x04\0\0\0\0\x05" + b"\0\0\0\x09\x03"],
    ],
)
def test_what_makes_no_sense_ends_the_association(pdus: list[bytes]) -> None:
    messages = _Messages()
    messages.take(*pdus)
    assert messages.events == ["Evt19"]
    assert len(messages.breaches) == 1
    messages.dimse.release()
    assert [file.dropped for file in messages.files] == [True] * len(messages.files)


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


def test_release_drops_what_was_not_answered() -> None:
    messages = _Messages()
    messages.take(store_command(), fragment(b"data"))
    messages.dimse.release()
    assert [file.dropped for file in messages.files] == [True]


def test_requests_that_wait_are_counted() -> None:
    messages = _Messages(unanswered=1)
    messages.take(echo_request(), echo_request())
    assert messages.breaches == ["more than 1 requests without waiting for answers"]
