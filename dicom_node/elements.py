"""Walks the elements of a DICOM file (PS3.5 chapter 7, PS3.10 chapter 7) without decoding a value.

Used instead of a general reader for files that anybody may have sent: memory and depth are bounded whatever the
lengths in the file say, only wanted elements are kept, and no warning can quote a patient's data. Values are
interpreted in `dicom_node.values`.
"""

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dicom_node.file_bytes import Bytes
from screening.errors import BadHeader

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

TRANSFER_SYNTAX_UID = 0x00020010
MEDIA_STORAGE_SOP_CLASS_UID = 0x00020002
MEDIA_STORAGE_SOP_INSTANCE_UID = 0x00020003
SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_DATA = 0x7FE00010
_ALWAYS_KEPT = frozenset(
    (TRANSFER_SYNTAX_UID, MEDIA_STORAGE_SOP_CLASS_UID, MEDIA_STORAGE_SOP_INSTANCE_UID, SPECIFIC_CHARACTER_SET)
)
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, PIXEL_DATA))  #: float, double float and integer pixel data
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF

# PS3.5 table 7.1-1 (reserved bytes and a 32-bit length) and 7.1-2 (a 16-bit length)
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())

MAX_DEPTH = 32
"""Nested sequences; the deepest standard image objects need about 8."""
MAX_ELEMENTS = 500_000
"""Elements looked at in one file. An enhanced CT of 2,000 frames has about 100,000."""
SHORTEST_ELEMENT = 8
"""Bytes: tag and length. A file that is walked through once has no more elements than this allows."""
MAX_VALUE = 64 * 1024
"""Bytes kept of one value that is no pixel data. The longest look-up table (65,536 16-bit entries) is read apart."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: where its value lies. `items` is filled for a wanted sequence."""

    tag: int
    vr: str  #: as the file says; empty when it does not (implicit VR)
    offset: int
    length: int  #: bytes, as the file says; UNDEFINED for encapsulated pixel data
    items: tuple["Elements", ...] = field(default=(), repr=False)


Elements = dict[int, Element]


@dataclass(frozen=True, slots=True)
class DataSet:
    """The wanted elements of a file, up to and including its pixel data element (only located)."""

    file: Bytes = field(repr=False)
    elements: Elements = field(repr=False)
    start: int  #: where the data set begins, after the file meta information
    transfer_syntax_uid: str
    byte_order: str  #: "<" or ">", as in `struct`
    truncated: bool  #: the file ends inside an element other than the pixel data

    def raw(self, element: Element, limit: int = MAX_VALUE) -> bytes:
        """The bytes of a value, at most `limit` of them, and never more than the file has."""
        return b"" if element.length == UNDEFINED else self.file.read(element.offset, min(element.length, limit))


def read_data_set(file: Bytes, wanted: Collection[int], *, most_elements: int | None = None) -> DataSet:
    """The wanted elements (at any depth) of a DICOM file, with or without preamble and file meta information.

    Raises
    ------
    BadHeader
        If this is no DICOM file, or one that no bounded reader should follow (deflated, too deep, too many elements).
    """
    start = 132 if file.read(128, 4) == b"DICM" else 0
    walker = _Walker(file, frozenset(wanted) | _ALWAYS_KEPT, most_elements)
    meta, start = walker.file_meta(start)
    declared = _uid(file, meta.get(TRANSFER_SYNTAX_UID))
    if declared == DEFLATED:
        raise BadHeader("the transfer syntax is Deflated Explicit VR Little Endian, which is not accepted")
    big, implicit = _encoding(file.read(start, 8), declared)
    walker.byte_order = ">" if big else "<"
    elements, _ = walker.walk(start, file.size, implicit=implicit, depth=0)
    guessed = EXPLICIT_BIG if big else IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE
    return DataSet(file, meta | elements, start, declared or guessed, walker.byte_order, walker.truncated)


def _uid(file: Bytes, element: Element | None) -> str:
    raw = b"" if element is None else file.read(element.offset, min(element.length, 64))
    return raw.decode("ascii", "replace").strip("\0 ")


def _encoding(head: bytes, declared: str) -> tuple[bool, bool]:
    """(big endian, implicit VR) of a data set that starts with `head`; what is there goes before what is declared.

    Files whose declaration is wrong or missing are common. A group number is at most 0x00FF in what comes first.
    """
    if len(head) < 8:
        return False, False
    big = declared == EXPLICIT_BIG if head[0] == head[1] else head[0] == 0
    explicit = head[4:6] in _LONG_VRS | _SHORT_VRS
    if int.from_bytes(head[:2], "big" if big else "little") > 0x00FF and not explicit:
        raise BadHeader("this is not a DICOM file: it neither has the DICM prefix nor begins with a data set")
    return big and explicit, not explicit


class _Walker:
    """Reads element by element; knows the limits that hold for the whole file."""

    def __init__(self, file: Bytes, wanted: frozenset[int], most_elements: int | None) -> None:
        self._file, self._wanted = file, wanted
        self._most = MAX_ELEMENTS if most_elements is None else most_elements
        self._seen = 0
        self.byte_order = "<"
        self.truncated = False

    def file_meta(self, start: int) -> tuple[Elements, int]:
        """Group 0002, always explicit VR little endian (PS3.10 7.1), and where the data set begins."""
        found: Elements = {}
        while self._file.read(start, 2) == b"\x02\x00" and (element := self._element(start, implicit=False)):
            self._count()
            if element.length == UNDEFINED:
                raise BadHeader("the file meta information has an element of undefined length")
            if element.tag in self._wanted:
                found[element.tag] = element
            start = element.offset + element.length
        return found, start

    def walk(self, start: int, end: int, *, implicit: bool, depth: int) -> tuple[Elements, int]:
        """The wanted elements from `start`, and where the walk ended: after an item's end, or at `end`."""
        found: Elements = {}
        while start + 8 <= end and (element := self._element(start, implicit=implicit)):
            self._count()
            start = element.offset
            if element.tag == _ITEM_END:
                break
            if element.tag == _SEQUENCE_END:
                continue
            if element.tag in _PIXELS and depth == 0:
                found[element.tag] = element
                break
            element, start = self._with_items(element, implicit=implicit, depth=depth)
            if element.tag in self._wanted:
                found[element.tag] = element
            if start > end:
                self.truncated = True
        return found, start

    def _element(self, start: int, *, implicit: bool) -> Element | None:
        """The element at `start`, or None at the end of the file."""
        head = self._file.read(start, 12)
        if len(head) < 8:
            self.truncated = self.truncated or len(head) > 0
            return None
        group, number, length = struct.unpack(self.byte_order + "HHL", head[:8])
        tag, vr = group << 16 | number, head[4:6]
        if implicit or group == 0xFFFE or not (vr.isalpha() and vr.isupper()):
            return Element(tag, "", start + 8, length)
        if vr in _LONG_VRS:
            if len(head) < 12:
                self.truncated = True
                return None
            return Element(tag, vr.decode("ascii"), start + 12, struct.unpack(self.byte_order + "L", head[8:])[0])
        return Element(tag, vr.decode("ascii"), start + 8, struct.unpack(self.byte_order + "H", head[6:8])[0])

    def _with_items(self, element: Element, *, implicit: bool, depth: int) -> tuple[Element, int]:
        """The element with its items if it is a wanted sequence, and where the next element begins."""
        undefined = element.length == UNDEFINED
        follow = element.tag in self._wanted and element.vr in ("SQ", "UN", "") and self._begins_item(element)
        if not undefined and not follow:
            return element, element.offset + element.length
        end = self._file.size if undefined else min(self._file.size, element.offset + element.length)
        # UN of undefined length is a sequence in implicit VR little endian (PS3.5 6.2.2)
        inside_implicit = implicit or (element.vr == "UN" and undefined)
        items, after = self._items(element.offset, end, implicit=inside_implicit, depth=depth + 1, keep=follow)
        sequence = Element(element.tag, "SQ", element.offset, element.length, tuple(items))
        return sequence, after if undefined else element.offset + element.length

    def _begins_item(self, element: Element) -> bool:
        begin = struct.pack(self.byte_order + "HH", 0xFFFE, 0xE000)
        return element.length == UNDEFINED or self._file.read(element.offset, 4) == begin

    def _items(self, start: int, end: int, *, implicit: bool, depth: int, keep: bool) -> tuple[list[Elements], int]:
        """The items of a sequence and where it ends. Unless kept, an item is passed over by its length.

        That is not only quicker: an icon image's compressed frames lie in items that hold no elements.
        """
        if depth > MAX_DEPTH:
            raise BadHeader(f"sequences are nested deeper than {MAX_DEPTH} levels")
        items: list[Elements] = []
        while start + 8 <= end and (item := self._element(start, implicit=implicit)):
            self._count()
            if item.tag != _ITEM:
                # the sequence's end, or a sender that forgot it: what follows belongs to the level above
                return items, item.offset if item.tag == _SEQUENCE_END else start
            undefined = item.length == UNDEFINED
            start = item.offset + item.length
            if keep or undefined:
                item_end = end if undefined else min(end, start)
                elements, after = self.walk(item.offset, item_end, implicit=implicit, depth=depth)
                start = after if undefined else start
                if keep:
                    items.append(elements)
        return items, start

    def _count(self) -> None:
        self._seen += 1
        if self._seen > self._most:
            raise BadHeader(f"the file has more than {self._most} elements")


def nested(elements: Elements, *tags: int) -> Iterator[Elements]:
    """The items that the path of sequence tags leads to."""
    if not tags:
        yield elements
        return
    sequence = elements.get(tags[0])
    for item in sequence.items if sequence else ():
        yield from nested(item, *tags[1:])
