"""Command sets, against pynetdicom's own."""

from io import BytesIO

import pytest
from pynetdicom.dimse_messages import C_STORE_RQ, C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import decode, encode

from dicom_node import command_set
from dicom_node.command_set import CommandSet, as_pdus, store_response
from dicom_node.fragments import COMMAND, LAST, fragments


def _request(uid: str = "1.2.3") -> bytes:
    primitive = C_STORE()
    primitive.MessageID, primitive.Priority = 7, 2
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
    primitive.DataSet = BytesIO(b"data")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    encoded = encode(message.command_set, is_implicit_vr=True, is_little_endian=True)
    assert encoded is not None
    return encoded


def test_a_request_is_read() -> None:
    read = CommandSet(_request())
    assert read.number(command_set.COMMAND_FIELD) == command_set.C_STORE_RQ
    assert read.number(command_set.MESSAGE_ID) == 7
    assert read.uid(command_set.AFFECTED_SOP_CLASS_UID) == "1.2.840.10008.5.1.4.1.1.2"
    assert read.uid(command_set.AFFECTED_SOP_INSTANCE_UID) == "1.2.3"
    assert read.has_data_set


@pytest.mark.parametrize("comment", ["", "odd", "even"])
@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34"])
def test_a_response_is_what_pynetdicom_reads(comment: str, uid: str) -> None:
    encoded = store_response(CommandSet(_request(uid)), 0xA700, comment)
    message = C_STORE_RSP()
    message.command_set = decode(BytesIO(encoded), is_implicit_vr=True, is_little_endian=True)
    assert message.command_set.CommandGroupLength == len(encoded) - 12
    primitive = message.message_to_primitive()
    assert isinstance(primitive, C_STORE)
    assert (primitive.MessageIDBeingRespondedTo, primitive.Status) == (7, 0xA700)
    assert primitive.AffectedSOPInstanceUID == uid
    assert (primitive.ErrorComment or "") == comment


@pytest.mark.parametrize(
    "encoded",
    [
        b"\0\0",
        _request()[:-1],
        _request() + b"\0",
        b"\x08\0\x18\0\2\0\0\x001\0",  # an element of group 0008
        b"\0\0\0\1\xff\xff\xff\xff",
    ],
)
def test_what_is_no_command_set_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match="command set"):
        CommandSet(encoded)


def test_a_number_has_two_bytes() -> None:
    with pytest.raises(ValueError, match=r"\(0000,0100\) has 3 bytes"):
        CommandSet(b"\0\0\0\1\3\0\0\0abc").number(command_set.COMMAND_FIELD)


def test_what_is_missing_is_told_by_its_element() -> None:
    with pytest.raises(KeyError):
        CommandSet(b"").uid(command_set.AFFECTED_SOP_INSTANCE_UID)


@pytest.mark.parametrize(("maximum_length", "pdus"), [(0, 1), (4, 1), (16382, 1), (106, 3), (107, 2)])
def test_a_response_fits_the_peers_pdu(maximum_length: int, pdus: int) -> None:
    command = bytes(range(202))
    sent = memoryview(as_pdus(5, command, maximum_length))
    found = []
    while sent:
        length = int.from_bytes(sent[2:6], "big")
        assert maximum_length <= 6 or length <= maximum_length
        found += list(fragments(sent[6 : 6 + length]))
        sent = sent[6 + length :]
    assert b"".join(fragment.value for fragment in found) == command
    assert [fragment.control for fragment in found] == [COMMAND] * (pdus - 1) + [COMMAND | LAST]
    assert {fragment.context_id for fragment in found} == {5}
