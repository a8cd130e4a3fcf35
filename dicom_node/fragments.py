"""The presentation data values in a P-DATA-TF PDU (PS3.8 9.3.5), found where they lie."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

COMMAND, LAST = 0x01, 0x02  # bits of the message control header (PS3.8 E.2)

_header = Struct(">IBB")
_LENGTH = 4
_CONTEXT_AND_CONTROL = 2  # bytes that count in a PDV's length


class Fragment(NamedTuple):
    """A part of a message."""

    context_id: int
    control: int  #: message control header
    value: memoryview


def fragments(value: memoryview) -> Iterator[Fragment]:
    """The fragments in the variable field of a P-DATA-TF PDU, without a copy.

    Raises
    ------
    ValueError
        If a length does not fit; those before it were given.
    """
    at, end = 0, len(value)
    while at < end:
        if end - at < _header.size:
            raise ValueError("a presentation data value is cut off")
        length, context_id, control = _header.unpack_from(value, at)
        if length < _CONTEXT_AND_CONTROL or length > end - at - _LENGTH:
            raise ValueError("the length of a presentation data value does not fit its PDU")
        yield Fragment(context_id, control, value[at + _header.size : at + _LENGTH + length])
        at += _LENGTH + length
