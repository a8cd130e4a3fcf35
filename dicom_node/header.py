"""Reads the header of one stored instance, tolerantly, without ever touching its pixel data.

What becomes of odd things: an element that cannot be read counts as absent; text is decoded by the declared character
set with U+FFFD for what does not fit; numbers that are none stay as the text that was sent. Code sequences become
lists of texts ``SCHEME:VALUE meaning``. What the items of Request Attributes Sequence say is added to the same
keyword at the top. In an enhanced multi-frame object the shared and the first frame's functional groups are read as
if they stood at the top.
"""

import hashlib
import re
from pathlib import Path

from dicom_node.elements import (
    MEDIA_STORAGE_SOP_CLASS_UID,
    MEDIA_STORAGE_SOP_INSTANCE_UID,
    SHORTEST_ELEMENT,
    DataSet,
    Elements,
    nested,
    read_data_set,
)
from dicom_node.file_bytes import FileBytes, HeldBytes
from dicom_node.keywords import CODE, FUNCTIONAL_GROUPS, KEPT, tag
from dicom_node.values import charset_of, text_of, value_of
from screening.errors import BadHeader
from screening.header import Header, JsonValue
from screening.types import Instance, is_uid

_DICOMDIR = "1.2.840.10008.1.3.10"  # Media Storage Directory Storage, PS3.4 B.5
_TAGS = {tag(keyword): keyword for keyword in KEPT}
_CODE_TAGS = tuple(tag(keyword) for keyword in CODE)
_GROUP_TAGS = tuple(tag(keyword) for keyword in FUNCTIONAL_GROUPS)
_WANTED = frozenset((*_TAGS, *_CODE_TAGS, *_GROUP_TAGS))
_REQUEST_ATTRIBUTES = tag("RequestAttributesSequence")
_PIXEL_REPRESENTATION = tag("PixelRepresentation")

OUR_MANUFACTURER = "Opportune"
_CHUNK = 2**20  # bytes read at a time
_REPORT_MODALITIES = {
    "SR": "a structured report",
    "SEG": "a segmentation",
    "PR": "a presentation state",
    "KO": "a key object selection",
}


def read_instance(path: Path, *, location: str) -> Instance:
    """One stored file as an Instance; `location` is what finds the file again.

    Raises
    ------
    BadHeader
        If it is no DICOM file or cannot be identified; the message names what is missing, never a value.
    SpoolUnavailable
        If the file cannot be read.
    """
    with FileBytes(path) as file:
        return _instance(read_data_set(file, _WANTED), location)


def read_beginning(data: bytes, *, location: str) -> tuple[Instance, bool]:
    """The same of the first bytes of a file, and whether they end inside its header: what stands after is absent then.

    The digest is that of these bytes. Takes time and memory in proportion to them, whatever lengths they claim.

    Raises
    ------
    BadHeader
        As `read_instance`.
    """
    data_set = read_data_set(HeldBytes(data), _WANTED, most_elements=len(data) // SHORTEST_ELEMENT)
    return _instance(data_set, location), data_set.truncated


def _instance(data_set: DataSet, location: str) -> Instance:
    values = _header_values(data_set)
    header = Header(values)
    sop_class = header.text("SOPClassUID") or _meta(data_set, MEDIA_STORAGE_SOP_CLASS_UID)
    if sop_class == _DICOMDIR:
        raise BadHeader("this is a DICOMDIR (an index of files on a medium), not an instance")
    uids = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": header.text("SOPInstanceUID") or _meta(data_set, MEDIA_STORAGE_SOP_INSTANCE_UID),
        "StudyInstanceUID": header.text("StudyInstanceUID"),
        "SeriesInstanceUID": header.text("SeriesInstanceUID"),
    }
    _require_uids(uids | {"TransferSyntaxUID": data_set.transfer_syntax_uid}, truncated=data_set.truncated)
    digest = _digest(data_set)
    return Instance(
        sop_class_uid=uids["SOPClassUID"],
        sop_instance_uid=uids["SOPInstanceUID"],
        series_instance_uid=uids["SeriesInstanceUID"],
        study_instance_uid=uids["StudyInstanceUID"],
        transfer_syntax_uid=data_set.transfer_syntax_uid,
        digest=digest,
        location=location,
        header=Header({**values, **uids}),
    )


def is_own_output(header: Header) -> str | None:
    """Why this object must not be screened as an input (it is ours, or it is a result and no image), or None."""
    for keyword in ("Manufacturer", "ManufacturerModelName"):
        if header.text(keyword).casefold().startswith(OUR_MANUFACTURER.casefold()):
            return f"made by {OUR_MANUFACTURER} itself ({keyword})"
    # an archive may rewrite the equipment of what passes; our series are all "AI <title> - <role> (research)"
    if re.fullmatch(r"AI .*\(research\)", header.text("SeriesDescription")):
        return "a result of an algorithm by its SeriesDescription, not an image to screen"
    modality = header.text("Modality").upper()
    if modality in _REPORT_MODALITIES:
        return f"{_REPORT_MODALITIES[modality]} (modality {modality}), not an image to screen"
    return None


def _require_uids(uids: dict[str, str], *, truncated: bool) -> None:
    end = "; the file ends inside its header" if truncated else ""
    missing = [keyword for keyword, value in uids.items() if not value]
    if missing:
        raise BadHeader(f"the header has no {', '.join(missing)}{end}")
    invalid = [keyword for keyword, value in uids.items() if not is_uid(value)]
    if invalid:
        raise BadHeader(f"no valid UID (PS3.5 9.1) in {', '.join(invalid)}{end}")


def _meta(data_set: DataSet, meta_tag: int) -> str:
    return text_of(data_set, data_set.elements.get(meta_tag))


def _header_values(data_set: DataSet) -> dict[str, JsonValue]:
    """Keyword to value; absent and empty elements are left out."""
    top = data_set.elements
    charset = charset_of(data_set, top)
    signed = text_of(data_set, top.get(_PIXEL_REPRESENTATION)) == "1"
    values = _values(data_set, top, charset, signed=signed)
    for groups in _functional_groups(top):
        for keyword, value in _values(data_set, groups, charset, signed=signed).items():
            values.setdefault(keyword, value)
    for item in nested(top, _REQUEST_ATTRIBUTES):
        for keyword, value in _values(data_set, item, charset, signed=signed).items():
            values[keyword] = _merged(values.get(keyword), value)
    return values


def _values(data_set: DataSet, elements: Elements, inherited: tuple[str, ...], *, signed: bool) -> dict[str, JsonValue]:
    charset = charset_of(data_set, elements, inherited)
    found: dict[str, JsonValue] = {}
    for element in elements.values():
        keyword = _TAGS.get(element.tag)
        if keyword is None or keyword == "RequestAttributesSequence":
            continue
        if keyword.endswith("Sequence"):
            codes = [_code(data_set, item, charset) for item in element.items]
            value: JsonValue = [code for code in codes if code] or None
        else:
            value = value_of(data_set, element, charset, signed=signed)
        if value is not None:
            found[keyword] = value
    return found


def _code(data_set: DataSet, item: Elements, charset: tuple[str, ...]) -> str:
    """A code as ``SCHEME:VALUE meaning``; what is missing is left out."""
    charset = charset_of(data_set, item, charset)
    raw = (value_of(data_set, item[code_tag], charset) if code_tag in item else None for code_tag in _CODE_TAGS)
    value, long_value, scheme, meaning = ("" if text is None else str(text) for text in raw)
    code = value or long_value
    return f"{scheme}:{code} {meaning}".strip() if code else meaning


def _functional_groups(top: Elements) -> list[Elements]:
    """Items of the functional groups that hold for the first frame."""
    shared, per_frame, *inner = _GROUP_TAGS
    firsts = [*nested(top, shared)][:1] + [*nested(top, per_frame)][:1]
    return [item for first in firsts for sequence in inner for item in nested(first, sequence)]


def _merged(present: JsonValue, value: JsonValue) -> JsonValue:
    """Both, as a list without repetition."""
    all_values: list[JsonValue] = []
    for one in (present, value):
        for part in one if isinstance(one, list) else [one]:
            if part is not None and part not in all_values:
                all_values.append(part)
    return all_values[0] if len(all_values) == 1 and not isinstance(value, list) else all_values


def _digest(data_set: DataSet) -> str:
    """SHA-256 of Transfer Syntax UID and encoded data set.

    The file meta information is left out: it says who stored the file, and differs between the sender's file and ours.
    """
    total = hashlib.sha256(data_set.transfer_syntax_uid.encode())
    position = data_set.start
    while chunk := data_set.file.read(position, _CHUNK):
        total.update(chunk)
        position += len(chunk)
    return total.hexdigest()
