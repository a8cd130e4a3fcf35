"""Values of elements as JSON: numbers, text or lists of them. A malformed value never raises: it is left as text."""

import math
import re
import struct
from collections.abc import Sequence

from pydicom.datadict import dictionary_VR

from dicom_node.elements import SPECIFIC_CHARACTER_SET, DataSet, Element, Elements
from dicom_node.text import decode, encodings_of
from screening.header import JsonValue

_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_ONE_TEXT = frozenset(("LT", "ST", "UT", "UR"))  #: a backslash is text here (PS3.5 6.4)
_BYTES = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN", ""))

MAX_VALUES = 1024
"""Values kept of one element; the longest list that is kept, Image Type, rarely has ten."""


def charset_of(data_set: DataSet, elements: Elements, inherited: tuple[str, ...] = ("latin_1",)) -> tuple[str, ...]:
    """Python encodings for the text of these elements (an item may declare its own, PS3.3 C.12.1.1.2)."""
    element = elements.get(SPECIFIC_CHARACTER_SET)
    if element is None:
        return inherited
    return encodings_of(data_set.raw(element).decode("ascii", "replace").strip("\0 ").split("\\"))


def value_of(
    data_set: DataSet, element: Element, encodings: Sequence[str], *, signed: bool = False
) -> str | int | float | list[JsonValue] | None:
    """The value by the VR of the data dictionary, or by that of the file where the dictionary leaves a choice.

    `signed` is Pixel Representation = 1: it decides elements that are US or SS (PS3.5 A.1). None when empty.
    """
    raw, vr = data_set.raw(element), _vr(element, signed=signed)
    if vr in _BINARY:
        return _scalar(_binary(raw, data_set.byte_order + _BINARY[vr]))
    if vr in _BYTES:
        return None
    text = decode(raw, encodings)
    if vr in _ONE_TEXT:
        return text or None
    parts = [part.strip() for part in text.split("\\")[:MAX_VALUES]]
    if vr in ("DS", "IS"):
        return _scalar(_numbers(parts))
    return _scalar(list(parts)) if any(parts) else None


def numbers_of(data_set: DataSet, element: Element | None, *, signed: bool = False) -> tuple[float, ...]:
    """The value as finite numbers; empty when absent, empty or when one of them is none."""
    value = None if element is None else value_of(data_set, element, ("latin_1",), signed=signed)
    values = value if isinstance(value, list) else [value]
    return tuple(float(v) for v in values if isinstance(v, int | float)) if not _any_text(values) else ()


def text_of(data_set: DataSet, element: Element | None) -> str:
    """The first value as text, or an empty string."""
    value = None if element is None else value_of(data_set, element, ("latin_1",))
    first = value[0] if isinstance(value, list) else value
    return "" if first is None else str(first)


def _any_text(values: Sequence[JsonValue]) -> bool:
    return any(not isinstance(value, int | float) for value in values)


def _vr(element: Element, *, signed: bool) -> str:
    try:
        known = dictionary_VR(element.tag)
    except KeyError:
        return element.vr
    if " or " in known:
        if element.vr in ("US", "SS"):
            return element.vr
        return "OW" if "US" not in known else "SS" if signed else "US"
    # the file may say a number where the dictionary has one of another width (a wrong VR is a common fault)
    return element.vr if element.vr in _BINARY and known in _BINARY else known


def _binary(raw: bytes, code: str) -> list[JsonValue]:
    width = struct.calcsize(code)
    count = min(len(raw) // width, MAX_VALUES)
    values = struct.unpack(f"{code[0]}{count}{code[1]}", raw[: count * width])
    return [value if math.isfinite(value) else None for value in values]


def _numbers(parts: Sequence[str]) -> list[JsonValue]:
    return [_number(part) for part in parts]


def _number(text: str) -> JsonValue:
    """A number where the text is one (VR DS or IS); otherwise the text, so that an admin can see what was sent."""
    if re.fullmatch(r"[+-]?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        value = float(text)
        return value if math.isfinite(value) else None
    try:
        float(text)  # "NaN", "inf", "1_0": what only Python takes for a number must not pass for one later
    except ValueError:
        return text or None
    return None


def _scalar(values: list[JsonValue]) -> str | int | float | list[JsonValue] | None:
    if len(values) != 1:
        return values or None
    (value,) = values
    return value if isinstance(value, str | int | float) else None
