"""Command sets of DIMSE messages (PS3.7 6.3.1: Implicit VR Little Endian), read and written without pydicom.

A C-STORE has eight elements of it. To build a `Dataset` of them, for the request and the response, takes longer than to
receive a CT slice.
"""

from collections.abc import Iterable
from struct import Struct, error, pack

from dicom_node.fragments import COMMAND, LAST

AFFECTED_SOP_CLASS_UID = 0x0002  # elements of group 0000 (PS3.7 E.1)
COMMAND_FIELD = 0x0100
MESSAGE_ID = 0x0110
MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
COMMAND_DATA_SET_TYPE = 0x0800
STATUS = 0x0900
ERROR_COMMENT = 0x0902
AFFECTED_SOP_INSTANCE_UID = 0x1000

C_STORE_RQ = 0x0001
_C_STORE_RSP = 0x8001
NO_DATA_SET = 0x0101

_element = Struct("<HHI")
_pdu_and_pdv = Struct(">BBIIBB")
_HEADERS = 6
"""Bytes of a PDV's length, context ID and control header: they count in the length of the PDU (PS3.8 9.3.5)."""


class CommandSet:
    """The elements of a command set, as they came.

    Raises
    ------
    ValueError
        If it is cut off, or has an element of another group.
    """

    def __init__(self, encoded: bytes | bytearray) -> None:
        self._values: dict[int, bytes] = {}
        at = 0
        while at < len(encoded):
            try:
                group, element, length = _element.unpack_from(encoded, at)
            except error as exc:
                raise ValueError("a command set is cut off") from exc
            at += _element.size
            if group != 0 or at + length > len(encoded):
                raise ValueError("a command set is cut off, or has an element of another group")
            self._values[element] = bytes(encoded[at : at + length])
            at += length

    def number(self, element: int) -> int:
        """A value of VR US. KeyError if the element is not there, ValueError if it is none."""
        value = self._values[element]
        if len(value) != 2:
            raise ValueError(f"element (0000,{element:04X}) has {len(value)} bytes, not 2")
        return int.from_bytes(value, "little")

    def uid(self, element: int) -> str:
        """A value of VR UI, as the peer wrote it, without its padding. KeyError if the element is not there."""
        return self._values[element].rstrip(b"\0 ").decode("ascii", "replace")

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows (PS3.7 E.1: any Command Data Set Type but 0101H)."""
        return self.number(COMMAND_DATA_SET_TYPE) != NO_DATA_SET


def store_response(request: CommandSet, status: int, comment: str) -> bytes:
    """The command set of a C-STORE-RSP (PS3.7 9.3.1.2).

    comment: Error Comment, VR LO; left out when empty.
    """
    elements = [
        (AFFECTED_SOP_CLASS_UID, _padded(request.uid(AFFECTED_SOP_CLASS_UID), b"\0")),
        (COMMAND_FIELD, _short(_C_STORE_RSP)),
        (MESSAGE_ID_BEING_RESPONDED_TO, _short(request.number(MESSAGE_ID))),
        (COMMAND_DATA_SET_TYPE, _short(NO_DATA_SET)),
        (STATUS, _short(status)),
    ]
    if comment:
        elements.append((ERROR_COMMENT, _padded(comment, b" ")))
    elements.append((AFFECTED_SOP_INSTANCE_UID, _padded(request.uid(AFFECTED_SOP_INSTANCE_UID), b"\0")))
    return encode(elements)


def encode(elements: Iterable[tuple[int, bytes]]) -> bytes:
    """A command set of these elements and values, with its group length before them (PS3.7 6.3.1, 9.3.1)."""
    encoded = b"".join(_element.pack(0, element, len(value)) + value for element, value in elements)
    return _element.pack(0, 0, 4) + pack("<I", len(encoded)) + encoded


def as_pdus(context_id: int, command_set: bytes, maximum_length: int) -> bytes:
    """A command set as P-DATA-TF PDUs of one PDV each (PS3.8 9.3.5).

    maximum_length: of the variable field of a PDU, as the peer said; 0 is no limit (PS3.8 D.1).
    """
    most = maximum_length - _HEADERS if maximum_length > _HEADERS else len(command_set)
    pdus = []
    for start in range(0, len(command_set), most):
        part = command_set[start : start + most]
        control = COMMAND | (LAST if start + most >= len(command_set) else 0)
        pdus.append(_pdu_and_pdv.pack(4, 0, len(part) + _HEADERS, len(part) + 2, context_id, control) + part)
    return b"".join(pdus)


def _short(value: int) -> bytes:
    return pack("<H", value)


def _padded(text: str, padding: bytes) -> bytes:
    """Of even length (PS3.5 6.2); what is no ASCII came from the peer and goes back as it can."""
    encoded = text.encode("ascii", "replace")
    return encoded + padding if len(encoded) % 2 else encoded
